# The floors of the house: service < layers < http. Each is an object library that sees the include
# roots of itself and of the floors below, so that an upward include does not compile.
#
# An include root is a folder build/stage/<floor>/cairn/ with one symbolic link in it, to the
# floor's sources: <cairn/layers/timeout.h> is layers/timeout.h, before and after installation.

set(CAIRN_STAGE ${PROJECT_BINARY_DIR}/stage)
file(REMOVE_RECURSE ${CAIRN_STAGE}/public)

function(cairn_stage name folder)
    file(MAKE_DIRECTORY ${CAIRN_STAGE}/${name}/cairn)
    file(CREATE_LINK ${folder} ${CAIRN_STAGE}/${name}/cairn/${name} SYMBOLIC)
endfunction()

# Public headers, named from <cairn/…>: what is installed, and what the examples and everyone who
# links cairn::cairn can see. A header that is not listed is internal.
function(cairn_public_headers folder)
    foreach(header IN LISTS ARGN)
        set_property(GLOBAL APPEND PROPERTY CAIRN_PUBLIC_HEADERS ${folder}/${header})
        get_filename_component(to ${CAIRN_STAGE}/public/cairn/${folder}/${header} DIRECTORY)
        file(MAKE_DIRECTORY ${to})
        file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR}/${header}
            ${CAIRN_STAGE}/public/cairn/${folder}/${header} SYMBOLIC)
    endforeach()
endfunction()

# How our own sources are compiled. Per target: nothing leaks into a project that includes this one.
function(cairn_own_target target)
    set_target_properties(${target} PROPERTIES
        C_STANDARD 11 C_STANDARD_REQUIRED ON C_EXTENSIONS OFF
        C_VISIBILITY_PRESET hidden)
    target_compile_definitions(${target} PRIVATE _GNU_SOURCE)
    target_compile_options(${target} PRIVATE
        -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes
        -Wvla $<$<BOOL:${CAIRN_WERROR}>:-Werror>)
endfunction()

# The same for the objects of a library.
function(cairn_own_floor_target target)
    cairn_own_target(${target})
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON)
    # Exported functions are not interposed, so they may be inlined within their own file.
    # Structs of two words come and go in words: gathered into vectors they would be read before they
    # can be forwarded from the store buffer, which costs several ns a layer.
    target_compile_options(${target} PRIVATE -fno-semantic-interposition -fno-tree-slp-vectorize)
    # For any x86 there may be, GCC clears structs of a hundred bytes by "rep stos", which is slow to begin.
    # For one of the last ten years it uses a few stores, which all others have too.
    if(CMAKE_C_COMPILER_ID STREQUAL "GNU" AND CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64" AND
            NOT CMAKE_C_FLAGS MATCHES "-m(arch|tune)=")
        target_compile_options(${target} PRIVATE -mtune=skylake)
    endif()
    target_compile_definitions(${target} PRIVATE $<$<BOOL:${CAIRN_CHECKS}>:CAIRN_CHECKS=1>)
    target_link_libraries(${target} PRIVATE Threads::Threads)
endfunction()

# cairn_floor(layers BELOW service SOURCES … HEADERS …)
function(cairn_floor name)
    cmake_parse_arguments(PARSE_ARGV 1 floor "" "" "BELOW;SOURCES;HEADERS")
    cairn_stage(${name} ${CMAKE_CURRENT_SOURCE_DIR})
    cairn_public_headers(${name} ${floor_HEADERS})

    set(target cairn_${name})
    add_library(${target} OBJECT ${floor_SOURCES})
    cairn_own_floor_target(${target})
    foreach(root IN LISTS floor_BELOW ITEMS ${name})
        target_include_directories(${target} PRIVATE ${CAIRN_STAGE}/${root})
    endforeach()
    set_property(GLOBAL APPEND PROPERTY CAIRN_FLOORS ${target})
endfunction()

# One line a layer: its .c, its public .h, and its test tests/<where>/<name>_test.c.
function(cairn_layer name)
    target_sources(cairn_layers PRIVATE ${name}.c)
    cairn_public_headers(layers ${name}.h)
    set_property(GLOBAL APPEND PROPERTY CAIRN_LAYER_TESTS layers/${name})
endfunction()

function(cairn_http_layer name)
    target_sources(cairn_http PRIVATE layers/${name}.c)
    cairn_public_headers(http layers/${name}.h)
    set_property(GLOBAL APPEND PROPERTY CAIRN_LAYER_TESTS http/layers/${name})
endfunction()
