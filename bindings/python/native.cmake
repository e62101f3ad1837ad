# SPDX-License-Identifier: Apache-2.0
# Makes the installed tree self-contained: it finds its libraries from where it is, and has those that
# are not glibc's inside. SQLite is linked into what uses it (SHEAF_STATIC_SQLITE), so that it is never
# mixed up with another one in the process, such as that of Python's `sqlite3`.

# A wheel holds no symbolic links: one file, under the name that the loader asks for.
set_property(TARGET sheaf PROPERTY VERSION)
set_target_properties(sheaf PROPERTIES INSTALL_RPATH "$ORIGIN")

get_property(plugins DIRECTORY ${top}/plugins PROPERTY SUBDIRECTORIES)
set(plugin_files "")
foreach(folder IN LISTS plugins)
  get_property(targets DIRECTORY ${folder} PROPERTY BUILDSYSTEM_TARGETS)
  foreach(target IN LISTS targets)
    get_target_property(type ${target} TYPE)
    if(type STREQUAL MODULE_LIBRARY)
      set_target_properties(${target} PROPERTIES INSTALL_RPATH "$ORIGIN/../..")
      list(APPEND plugin_files $<TARGET_FILE:${target}>)
    endif()
  endforeach()
endforeach()

install(CODE "set(executables $<TARGET_FILE:sheaf_cli>)
  set(libraries $<TARGET_FILE:sheaf>)
  set(modules ${plugin_files})")
install(SCRIPT ${CMAKE_CURRENT_SOURCE_DIR}/bundle.cmake)

# Ours, and those of what is inside and wants to be named (nanoarrow's is the same as ours).
set(licences ${SKBUILD_METADATA_DIR}/licenses)
install(FILES ${top}/LICENSE DESTINATION ${licences})
file(GLOB flatcc ${top}/build/downloads/nanoarrow-*/subprojects/flatcc-*)
foreach(file LICENSE NOTICE)
  install(FILES ${flatcc}/${file} DESTINATION ${licences}/flatcc OPTIONAL)
endforeach()
file(GLOB yyjson ${top}/build/downloads/yyjson-*/yyjson/yyjson.h)
if(yyjson)
  file(READ ${yyjson} notice)
  string(FIND "${notice}" "*/" end)
  string(SUBSTRING "${notice}" 0 ${end} notice)
  file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/yyjson-LICENSE "${notice}*/\n")
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/yyjson-LICENSE DESTINATION ${licences}/yyjson RENAME LICENSE)
endif()
install(FILES /usr/share/doc/libcjson1/copyright DESTINATION ${licences}/cjson OPTIONAL)
