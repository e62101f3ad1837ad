# SPDX-License-Identifier: Apache-2.0
# What `make install` puts where. Plugins install themselves (sheaf_add_plugin(... INSTALL)).

if(TARGET sheaf)
  install(TARGETS sheaf LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
endif()
if(TARGET sheaf_cli)
  install(TARGETS sheaf_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/sheaf DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN "*.h")
install(FILES ${PROJECT_SOURCE_DIR}/cmake/SheafAddPlugin.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/Sheaf)
install(FILES ${PROJECT_SOURCE_DIR}/README.md ${PROJECT_SOURCE_DIR}/LICENSE
        DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/sheaf OPTIONAL)
