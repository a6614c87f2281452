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

cairn_shared_library(cairn CAIRN)
add_dependencies(cairn_libraries cairn cairn_static)
