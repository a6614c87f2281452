# cairn::libevent: libevent_core and libevent_pthreads. Used by the build and by the installed
# package. The catch-all libevent is left out, although libevent_pthreads.pc asks for it: it drags
# in DNS, HTTP and RPC code that nothing here calls.
if(NOT TARGET cairn::libevent)
    find_package(PkgConfig REQUIRED)
    pkg_check_modules(CAIRN_LIBEVENT REQUIRED QUIET IMPORTED_TARGET GLOBAL libevent_core>=2.1.12)
    pkg_get_variable(CAIRN_LIBEVENT_libdir libevent_core libdir)
    find_library(CAIRN_LIBEVENT_PTHREADS event_pthreads HINTS ${CAIRN_LIBEVENT_libdir} REQUIRED)
    mark_as_advanced(CAIRN_LIBEVENT_PTHREADS)
    add_library(cairn::libevent INTERFACE IMPORTED GLOBAL)
    set_property(TARGET cairn::libevent PROPERTY INTERFACE_LINK_LIBRARIES
        ${CAIRN_LIBEVENT_PTHREADS} PkgConfig::CAIRN_LIBEVENT)
endif()
