# Headers, libraries, the CMake package and the pkg-config files. All of it may be moved.

include(CMakePackageConfigHelpers)

get_property(headers GLOBAL PROPERTY CAIRN_PUBLIC_HEADERS)
foreach(header IN LISTS headers)
    get_filename_component(folder ${header} DIRECTORY)
    get_filename_component(source ${CAIRN_STAGE}/public/cairn/${header} REALPATH)
    install(FILES ${source} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/cairn/${folder})
endforeach()

set(cairn_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/cairn)
install(TARGETS cairn cairn_static EXPORT cairn-targets
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT cairn-targets NAMESPACE cairn:: DESTINATION ${cairn_package_dir})
configure_package_config_file(
    ${PROJECT_SOURCE_DIR}/cmake/cairn-config.cmake.in
    ${PROJECT_BINARY_DIR}/generated/cairn-config.cmake
    INSTALL_DESTINATION ${cairn_package_dir})
write_basic_package_version_file(
    ${PROJECT_BINARY_DIR}/generated/cairn-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES
    ${PROJECT_BINARY_DIR}/generated/cairn-config.cmake
    ${PROJECT_BINARY_DIR}/generated/cairn-config-version.cmake
    ${PROJECT_SOURCE_DIR}/cmake/CairnFindPackage.cmake
    ${PROJECT_SOURCE_DIR}/cmake/CairnLibevent.cmake
    DESTINATION ${cairn_package_dir})

# pkg-config finds the prefix from where the .pc stands.
set(cairn_pc_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
file(RELATIVE_PATH cairn_pc_to_prefix
    ${CMAKE_INSTALL_PREFIX}/${cairn_pc_dir} ${CMAKE_INSTALL_PREFIX})
string(REGEX REPLACE "/$" "" cairn_pc_prefix "\${pcfiledir}/${cairn_pc_to_prefix}")
set(cairn_pc_llhttp)
if(CAIRN_LIBLLHTTP_FOUND)
    set(cairn_pc_llhttp ", libllhttp >= 9")
endif()

function(cairn_install_pc name)
    configure_file(${PROJECT_SOURCE_DIR}/cmake/${name}.pc.in
        ${PROJECT_BINARY_DIR}/generated/${name}.pc @ONLY)
    install(FILES ${PROJECT_BINARY_DIR}/generated/${name}.pc DESTINATION ${cairn_pc_dir})
endfunction()
cairn_install_pc(cairn)

get_property(components GLOBAL PROPERTY CAIRN_COMPONENTS)
foreach(name IN LISTS components)
    cairn_component_install(${name} ${cairn_package_dir} ${cairn_pc_dir})
endforeach()

if(CAIRN_BUILD_TESTKIT)
    install(TARGETS cairn_testkit EXPORT cairn-testkit-targets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
    install(EXPORT cairn-testkit-targets NAMESPACE cairn:: DESTINATION ${cairn_package_dir})
    cairn_install_pc(cairn-testkit)
endif()
