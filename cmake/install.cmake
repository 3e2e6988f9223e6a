# cmake --install: the program, its completions and manual pages; the layers as libraries (static, or shared with
# -DBUILD_SHARED_LIBS=ON) with their headers under include/vitrobeam/; find_package(vitrobeam) with a target a layer.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(layers base fourier models potentials multislice patterns maps studies io pictures)
install(TARGETS vitrobeam RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS build_flags ${layers} EXPORT vitrobeamTargets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
foreach(layer ${layers})
  install(DIRECTORY ${CMAKE_SOURCE_DIR}/${layer} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/vitrobeam FILES_MATCHING PATTERN "*.hpp")
endforeach()
install(EXPORT vitrobeamTargets NAMESPACE vitrobeam:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/vitrobeam)

# The libraries that pkg-config finds are imported again where the package is used.
get_property(pkg_config_modules GLOBAL PROPERTY VITROBEAM_PKG_CONFIG)
string(REPLACE ";" "\n" VITROBEAM_PKG_CONFIG "${pkg_config_modules}")
configure_package_config_file(cmake/vitrobeamConfig.cmake.in ${CMAKE_BINARY_DIR}/vitrobeamConfig.cmake
                              INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/vitrobeam)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/vitrobeamConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/vitrobeamConfig.cmake ${CMAKE_BINARY_DIR}/vitrobeamConfigVersion.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/vitrobeam)

install(FILES cmake/completions/vitrobeam.bash RENAME vitrobeam DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES cmake/completions/_vitrobeam DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
# One page a command, written by the program from its tables of parameters.
install(CODE "execute_process(COMMAND sh ${CMAKE_SOURCE_DIR}/cmake/manual.sh $<TARGET_FILE:vitrobeam> ${CMAKE_BINARY_DIR}/man
                              COMMAND_ERROR_IS_FATAL ANY)")
install(DIRECTORY ${CMAKE_BINARY_DIR}/man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
