# One line a test. NAME is the path below tests/ without _test.c, and the name ctest shows.
#
#   cairn_test(service/arena)                              tests/service/arena_test.c, a unit test
#   cairn_test(service/spawn LABELS unit threaded)         also runs under ThreadSanitizer
#   cairn_test(http/server LABELS integration threaded TIMEOUT 60)
#   cairn_test(http/json COMPONENTS json)                  left out where that component is not built
#   cairn_test_dripped(http/server)                        once more, one byte a system call
#   cairn_fuzz(decoder)                                    tests/fuzz/decoder.c
#   cairn_soak(server)                                     tests/soak/server.c, for the scripts there
#   cairn_bench(sim)                                       tests/bench/sim.c
#   cairn_bench(peers/evhttp_hello LIBS ${library})        build/<preset>/tests/bench/evhttp_hello

set(CAIRN_TEST_ENVIRONMENT
    "ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1:allocator_may_return_null=1"
    "UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1"
    "TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1")

# What one of the commands of dev needs, and no more.
add_custom_target(cairn_threaded)
add_custom_target(cairn_fuzzers)
add_custom_target(cairn_bench)
add_custom_target(cairn_soak)

# A program that sees every floor, internal headers too, and links the static library.
function(cairn_test_program target)
    add_executable(${target} ${ARGN})
    cairn_own_target(${target})
    foreach(root service layers http testkit)
        target_include_directories(${target} PRIVATE ${CAIRN_STAGE}/${root})
    endforeach()
    if(TARGET cairn_testkit)
        target_link_libraries(${target} PRIVATE cairn_testkit)
    endif()
    target_link_libraries(${target} PRIVATE cairn_static cairn_llhttp_api cairn::libevent Threads::Threads m)
endfunction()

function(cairn_test_properties name)
    cmake_parse_arguments(PARSE_ARGV 1 test "" "TIMEOUT" "LABELS")
    if(NOT test_TIMEOUT)
        set(test_TIMEOUT 120)
    endif()
    # Those that wait for clocks and sockets begin first.
    set(cost 1)
    if(integration IN_LIST test_LABELS)
        set(cost 100)
    endif()
    set_tests_properties(${name} PROPERTIES COST ${cost}
        LABELS "${test_LABELS}" TIMEOUT ${test_TIMEOUT} ENVIRONMENT "${CAIRN_TEST_ENVIRONMENT}")
endfunction()

function(cairn_test name)
    cmake_parse_arguments(PARSE_ARGV 1 test "" "TIMEOUT" "LABELS;LIBS;SOURCES;COMPONENTS")
    cairn_component_links(links ${test_COMPONENTS})
    if(links STREQUAL NOTFOUND)
        return()
    endif()
    if(NOT test_LABELS)
        set(test_LABELS unit)
    endif()
    string(REPLACE "/" "_" target test_${name})
    cairn_test_program(${target} ${name}_test.c ${test_SOURCES})
    target_link_libraries(${target} PRIVATE PkgConfig::CAIRN_CMOCKA ${test_LIBS} ${links})
    add_test(NAME ${name} COMMAND ${target})
    if(threaded IN_LIST test_LABELS)
        add_dependencies(cairn_threaded ${target})
    endif()
    cairn_test_properties(${name} LABELS ${test_LABELS} TIMEOUT ${test_TIMEOUT})
endfunction()

# NAME a second time, as NAME_dripped: what the server reads and writes goes one byte at a time.
function(cairn_test_dripped name)
    string(REPLACE "/" "_" target test_${name})
    target_sources(${target} PRIVATE http/drip.c)
    foreach(call recv send sendmsg sendfile)
        target_link_options(${target} PRIVATE -Wl,--wrap=${call})
    endforeach()
    add_test(NAME ${name}_dripped COMMAND ${target})
    cairn_test_properties(${name}_dripped LABELS integration TIMEOUT 300)
    set_property(TEST ${name}_dripped APPEND PROPERTY ENVIRONMENT CAIRN_DRIP=1 CAIRN_SESSIONS=72)
endfunction()

# With libFuzzer, build/<preset>/tests/fuzz/<name>. Otherwise the same source runs once over its
# corpus as a plain test.
function(cairn_fuzz name)
    cmake_parse_arguments(PARSE_ARGV 1 fuzz "" "" "LIBS;SOURCES;COMPONENTS")
    cairn_component_links(links ${fuzz_COMPONENTS})
    if(links STREQUAL NOTFOUND)
        return()
    endif()
    if(CAIRN_FUZZER)
        cairn_test_program(fuzz_${name} fuzz/${name}.c ${fuzz_SOURCES})
        target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    else()
        cairn_test_program(fuzz_${name} fuzz/${name}.c ${fuzz_SOURCES} fuzz/replay.c)
        add_test(NAME fuzz/${name}
            COMMAND fuzz_${name} ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/corpus/${name})
        cairn_test_properties(fuzz/${name} LABELS fuzz)
    endif()
    add_dependencies(cairn_fuzzers fuzz_${name})
    target_link_libraries(fuzz_${name} PRIVATE ${fuzz_LIBS} ${links})
    set_target_properties(fuzz_${name} PROPERTIES
        OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/fuzz)
endfunction()

function(cairn_bench name)
    cmake_parse_arguments(PARSE_ARGV 1 bench "" "" "SOURCES;COMPONENTS;LIBS")
    cairn_component_links(links ${bench_COMPONENTS})
    if(links STREQUAL NOTFOUND)
        return()
    endif()
    get_filename_component(program ${name} NAME)
    cairn_test_program(bench_${program} bench/${name}.c ${bench_SOURCES})
    target_include_directories(bench_${program} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
    target_link_libraries(bench_${program} PRIVATE ${bench_LIBS} ${links})
    set_target_properties(bench_${program} PROPERTIES
        OUTPUT_NAME ${program} RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/bench)
    add_dependencies(cairn_bench bench_${program})
endfunction()

# What the scripts of tests/soak run: build/<preset>/tests/soak/<name>, from soak/<name>.c unless SOURCES
# says otherwise.
function(cairn_soak name)
    cmake_parse_arguments(PARSE_ARGV 1 soak "" "" "SOURCES;LIBS")
    if(NOT soak_SOURCES)
        set(soak_SOURCES soak/${name}.c)
    endif()
    cairn_test_program(soak_${name} ${soak_SOURCES})
    target_link_libraries(soak_${name} PRIVATE ${soak_LIBS})
    set_target_properties(soak_${name} PROPERTIES
        OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/soak)
    add_dependencies(cairn_soak soak_${name})
endfunction()

# The short form of tests/soak/<name>.py as a test: it needs loopback and our own programs alone.
function(cairn_soak_short name)
    find_program(CAIRN_PYTHON3 python3)
    if(CAIRN_PYTHON3)
        add_test(NAME soak/${name}
            COMMAND ${CAIRN_PYTHON3} ${CMAKE_CURRENT_SOURCE_DIR}/soak/${name}.py --short)
        cairn_test_properties(soak/${name} LABELS integration)
        set_property(TEST soak/${name} APPEND PROPERTY
            ENVIRONMENT CAIRN_SOAK_BIN=${CMAKE_CURRENT_BINARY_DIR}/soak)
    endif()
endfunction()
