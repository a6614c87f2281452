# Components: parts of cairn that need another library. Each is a library of its own, so that who does
# not use it links and installs nothing for it. Called in the folder of the floor it stands on; it
# may use all of the core's public functions, and the core nothing of it.
#
#   cairn_component(json PACKAGES jansson>=2.13 SOURCES json/json.c HEADERS json.h)
#   cairn_component(redis PACKAGES hiredis>=1.0 SOURCES … HEADERS … LAYERS cache_redis)
#
# PACKAGES are pkg-config's, with their versions; or one lib<name>/<header> of a library without a .pc. The option CAIRN_WITH_JSON is AUTO (built when they
# are there), ON (an error when not) or OFF. What comes of it: libcairn-json.so and .a, the targets
# cairn::json and cairn::json_static, cairn-json.pc, find_package(cairn COMPONENTS json), and TARGET
# cairn_json for an if(). Its tests and examples say COMPONENTS json, and are left out without it.
# A layer is x.c and x.h (in http/: layers/x.c, layers/x.h), and its test <where>/x_test.c.

include(CairnFindPackage)

# The soname and symbol node of every library: before 1.0 each minor release may break the ABI.
set(cairn_abi ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
set(CAIRN_LINK_STRICT -Wl,-Bsymbolic-functions -Wl,--as-needed)
if(NOT CAIRN_FUZZER)
    list(APPEND CAIRN_LINK_STRICT -Wl,-z,defs)
endif()

# Every library that is installed.
add_custom_target(cairn_libraries)

# What a shared library exports, under which names. NODE is that of its symbols' version.
function(cairn_shared_library target node)
    set(map ${PROJECT_BINARY_DIR}/generated/lib${target}.map)
    set(cairn_node ${node}_${cairn_abi})
    configure_file(${PROJECT_SOURCE_DIR}/cmake/libcairn.map.in ${map} @ONLY)
    set_target_properties(${target} PROPERTIES
        VERSION ${PROJECT_VERSION} SOVERSION ${cairn_abi} LINK_DEPENDS ${map})
    target_link_options(${target} PRIVATE -Wl,--version-script=${map} ${CAIRN_LINK_STRICT})
endfunction()

# Sets OUT to whether the component is to be built.
function(cairn_component_wanted out name packages)
    string(TOUPPER ${name} upper)
    set(CAIRN_WITH_${upper} AUTO CACHE STRING "Build the component ${name} (${packages}): AUTO, ON or OFF")
    set_property(CACHE CAIRN_WITH_${upper} PROPERTY STRINGS AUTO ON OFF)
    set(wish ${CAIRN_WITH_${upper}})
    set(${out} OFF PARENT_SCOPE)
    if(NOT wish)
        return()
    endif()
    cairn_find_package(CAIRN_${upper} ${packages})
    if(CAIRN_${upper}_FOUND)
        set(${out} ON PARENT_SCOPE)
    elseif(wish STREQUAL AUTO)
        message(STATUS "component ${name}: left out, it needs ${packages}")
    else()
        message(FATAL_ERROR "cairn: the component ${name} needs ${packages}, and pkg-config does not "
            "find it. Install it, or configure with -DCAIRN_WITH_${upper}=OFF.")
    endif()
endfunction()

function(cairn_component name)
    cmake_parse_arguments(PARSE_ARGV 1 component "" "DESCRIPTION" "PACKAGES;SOURCES;HEADERS;LAYERS")
    list(JOIN component_PACKAGES " " packages)
    set_property(GLOBAL APPEND PROPERTY CAIRN_ALL_COMPONENTS ${name}=${packages})
    cairn_component_wanted(is_wanted ${name} "${component_PACKAGES}")
    if(NOT is_wanted)
        return()
    endif()
    get_filename_component(floor ${CMAKE_CURRENT_SOURCE_DIR} NAME)
    foreach(layer IN LISTS component_LAYERS)
        set(file ${layer})
        if(floor STREQUAL http)
            set(file layers/${layer})
        endif()
        list(APPEND component_SOURCES ${file}.c)
        list(APPEND component_HEADERS ${file}.h)
        set_property(GLOBAL APPEND PROPERTY CAIRN_LAYER_TESTS_${name} ${floor}/${file})
    endforeach()
    cairn_public_headers(${floor} ${component_HEADERS})
    cairn_component_libraries(${name} ${floor} ${component_SOURCES})
    set_property(GLOBAL APPEND PROPERTY CAIRN_COMPONENTS ${name})
    set_property(GLOBAL PROPERTY CAIRN_PACKAGES_${name} "${component_PACKAGES}")
    set_property(GLOBAL PROPERTY CAIRN_DESCRIPTION_${name} "${component_DESCRIPTION}")
endfunction()

# cairn_<name> and cairn_<name>_static, of the same objects.
function(cairn_component_libraries name floor)
    string(TOUPPER ${name} upper)
    set(objects cairn_${name}_objects)
    add_library(${objects} OBJECT ${ARGN})
    cairn_own_floor_target(${objects})
    foreach(root service layers http)
        target_include_directories(${objects} PRIVATE ${CAIRN_STAGE}/${root})
        if(root STREQUAL floor)
            break()
        endif()
    endforeach()
    target_link_libraries(${objects} PRIVATE PkgConfig::CAIRN_${upper})

    add_library(cairn_${name} SHARED $<TARGET_OBJECTS:${objects}>)
    add_library(cairn_${name}_static STATIC $<TARGET_OBJECTS:${objects}>)
    target_link_libraries(cairn_${name} PUBLIC cairn)
    target_link_libraries(cairn_${name}_static PUBLIC cairn_static)
    foreach(kind "" _static)
        add_library(cairn::${name}${kind} ALIAS cairn_${name}${kind})
        set_target_properties(cairn_${name}${kind} PROPERTIES
            OUTPUT_NAME cairn-${name} EXPORT_NAME ${name}${kind} LINKER_LANGUAGE C)
        target_link_libraries(cairn_${name}${kind} PRIVATE PkgConfig::CAIRN_${upper} Threads::Threads)
        add_dependencies(cairn_libraries cairn_${name}${kind})
    endforeach()
    cairn_shared_library(cairn_${name} CAIRN_${upper})
endfunction()

# The component as a package: its targets, what they need, its .pc. For CairnInstall.
function(cairn_component_install name package_dir pc_dir)
    string(TOUPPER ${name} cairn_component_upper)
    set(cairn_component ${name})
    get_property(cairn_component_packages GLOBAL PROPERTY CAIRN_PACKAGES_${name})
    get_property(cairn_component_description GLOBAL PROPERTY CAIRN_DESCRIPTION_${name})
    set(cairn_component_libs)
    if("${cairn_component_packages}" MATCHES "^lib([^/]+)/")
        set(cairn_component_libs " -l${CMAKE_MATCH_1}")
        set(cairn_component_requires)
    else()
        string(REGEX REPLACE "([<>=]+)" " \\1 " cairn_component_requires "${cairn_component_packages}")
    endif()
    string(REPLACE ";" ", " cairn_component_requires "${cairn_component_requires}")
    string(REPLACE ";" " " cairn_component_packages "${cairn_component_packages}")

    install(TARGETS cairn_${name} cairn_${name}_static EXPORT cairn-${name}-targets
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
    install(EXPORT cairn-${name}-targets NAMESPACE cairn:: DESTINATION ${package_dir})
    foreach(file component.cmake component.pc)
        string(REPLACE component cairn-${name} to ${file})
        configure_file(${PROJECT_SOURCE_DIR}/cmake/cairn-${file}.in
            ${PROJECT_BINARY_DIR}/generated/${to} @ONLY)
    endforeach()
    install(FILES ${PROJECT_BINARY_DIR}/generated/cairn-${name}.cmake DESTINATION ${package_dir})
    install(FILES ${PROJECT_BINARY_DIR}/generated/cairn-${name}.pc DESTINATION ${pc_dir})
endfunction()

# Sets OUT to the static libraries of the components ARGN; to NOTFOUND when one is not built.
function(cairn_component_links out)
    set(links)
    foreach(name IN LISTS ARGN)
        if(NOT TARGET cairn_${name})
            set(${out} NOTFOUND PARENT_SCOPE)
            return()
        endif()
        list(APPEND links cairn_${name}_static)
    endforeach()
    set(${out} "${links}" PARENT_SCOPE)
endfunction()
