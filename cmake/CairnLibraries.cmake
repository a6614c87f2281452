# cairn::cairn, the shared library, and cairn::cairn_static. Both are made of the same objects.

get_property(cairn_floors GLOBAL PROPERTY CAIRN_FLOORS)
set(cairn_objects)
foreach(floor IN LISTS cairn_floors)
    list(APPEND cairn_objects $<TARGET_OBJECTS:${floor}>)
endforeach()

add_library(cairn SHARED ${cairn_objects})
add_library(cairn_static STATIC ${cairn_objects})
foreach(target cairn cairn_static)
    add_library(cairn::${target} ALIAS ${target})
    set_target_properties(${target} PROPERTIES OUTPUT_NAME cairn LINKER_LANGUAGE C)
    target_include_directories(${target} INTERFACE
        $<BUILD_INTERFACE:${CAIRN_STAGE}/public> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
    target_link_libraries(${target} PRIVATE cairn::libevent Threads::Threads m)
    if(CAIRN_LIBLLHTTP_FOUND)
        target_link_libraries(${target} PRIVATE PkgConfig::CAIRN_LIBLLHTTP)
    endif()
endforeach()

# Before 1.0 each minor release may break the ABI, so it has its own name and symbol node.
set(cairn_abi ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
set(cairn_map ${PROJECT_BINARY_DIR}/generated/libcairn.map)
configure_file(${PROJECT_SOURCE_DIR}/cmake/libcairn.map.in ${cairn_map} @ONLY)
set_target_properties(cairn PROPERTIES
    VERSION ${PROJECT_VERSION} SOVERSION ${cairn_abi} LINK_DEPENDS ${cairn_map})
target_link_options(cairn PRIVATE
    -Wl,--version-script=${cairn_map} -Wl,-Bsymbolic-functions -Wl,--as-needed
    $<$<NOT:$<BOOL:${CAIRN_FUZZER}>>:-Wl,-z,defs>)
