# cairn_find_package(CAIRN_WS libwslay/wslay/wslay.h): the target PkgConfig::CAIRN_WS, and
# CAIRN_WS_FOUND. The package is pkg-config's, with its version; or, of a library that has no .pc,
# lib<name>/<its header>. Also used by the installed package.
macro(cairn_find_package prefix)
    if("${ARGN}" MATCHES "^lib([^/]+)/(.+)$")
        find_library(${prefix}_LIBRARY ${CMAKE_MATCH_1})
        find_path(${prefix}_INCLUDE_DIR ${CMAKE_MATCH_2})
        mark_as_advanced(${prefix}_LIBRARY ${prefix}_INCLUDE_DIR)
        if(${prefix}_LIBRARY AND ${prefix}_INCLUDE_DIR)
            set(${prefix}_FOUND TRUE)
            if(NOT TARGET PkgConfig::${prefix})
                add_library(PkgConfig::${prefix} INTERFACE IMPORTED GLOBAL)
                set_target_properties(PkgConfig::${prefix} PROPERTIES
                    INTERFACE_LINK_LIBRARIES ${${prefix}_LIBRARY}
                    INTERFACE_INCLUDE_DIRECTORIES ${${prefix}_INCLUDE_DIR})
            endif()
        endif()
    else()
        pkg_check_modules(${prefix} QUIET IMPORTED_TARGET GLOBAL ${ARGN})
    endif()
endmacro()
