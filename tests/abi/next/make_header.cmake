# SPDX-License-Identifier: Apache-2.0
# Writes the header of a minor that does not exist, from today's: one more of everything that a minor
# may add. A script and not a checked-in header, so that it is always one step ahead of include/.
#   cmake -DHEADER=include/sheaf/abi.h -DOUTPUT=.../sheaf/abi.h -P make_header.cmake

file(READ "${HEADER}" text)

# Each change must meet its place: a header that has moved on wants this script to follow.
function(replace old new)
  string(FIND "${text}" "${old}" at)
  if(at EQUAL -1)
    message(FATAL_ERROR "${HEADER} has no '${old}' any more: bring tests/abi/next/ up to date")
  endif()
  string(REPLACE "${old}" "${new}" result "${text}")
  set(text "${result}" PARENT_SCOPE)
endfunction()

# Adds a field of eight bytes at the end of an extensible structure.
function(append_field type field)
  string(FIND "${text}" "struct ${type} {" begin)
  if(begin EQUAL -1)
    message(FATAL_ERROR "${HEADER} has no struct ${type} any more: bring tests/abi/next/ up to date")
  endif()
  string(SUBSTRING "${text}" 0 ${begin} before)
  string(SUBSTRING "${text}" ${begin} -1 rest)
  string(FIND "${rest}" "\n}" length)
  string(SUBSTRING "${rest}" 0 ${length} body)
  string(SUBSTRING "${rest}" ${length} -1 after)
  set(result "${before}${body}\n  ${field} /* since the next minor */${after}")
  if(NOT result MATCHES "SHEAF_ASSERT_SIZE\\(${type}, ([0-9]+)\\)")
    message(FATAL_ERROR "${HEADER} does not hold the size of ${type} any more")
  endif()
  math(EXPR size "${CMAKE_MATCH_1} + 8")
  string(REPLACE "SHEAF_ASSERT_SIZE(${type}, ${CMAKE_MATCH_1})" "SHEAF_ASSERT_SIZE(${type}, ${size})"
         result "${result}")
  set(text "${result}" PARENT_SCOPE)
endfunction()

if(NOT text MATCHES "#define SHEAF_ABI_MINOR ([0-9]+)")
  message(FATAL_ERROR "${HEADER} does not define SHEAF_ABI_MINOR")
endif()
math(EXPR minor "${CMAKE_MATCH_1} + 1")
replace("#define SHEAF_ABI_MINOR ${CMAKE_MATCH_1}" "#define SHEAF_ABI_MINOR ${minor}")

append_field(sheaf_context "uint64_t next_context;")
append_field(sheaf_call "uint64_t next_call;")
append_field(sheaf_request "uint64_t next_request;")
append_field(sheaf_sink "uint64_t next_sink;")
append_field(sheaf_description "uint64_t next_description;")
append_field(sheaf_manager_table "sheaf_status (*next_function)(void *self) SHEAF_NOEXCEPT;")
append_field(sheaf_host "uint64_t next_host;")
append_field(sheaf_factory "uint64_t next_factory;")
append_field(sheaf_plugin "uint64_t next_plugin;")

# A flag that may be ignored, and one that must be understood; src/core/extensible.h lets the header
# say that this core understands it.
replace("SHEAF_REQUEST_ALL_TRAITS = 1\n"
        "SHEAF_REQUEST_ALL_TRAITS = 1,\n  SHEAF_REQUEST_NEXT_MAY = 2,\n  SHEAF_REQUEST_NEXT_MUST = 1 << 16\n")
replace("#endif /* SHEAF_ABI_H */"
        "#define SHEAF_KNOWN_REQUEST_FLAGS ((uint32_t)SHEAF_REQUEST_NEXT_MUST)\n\n#endif /* SHEAF_ABI_H */")

# A kind of each storage class, a verb and a status.
replace("  SHEAF_KIND_NONE = 0,"
        "  SHEAF_KIND_NEXT_UUID = 13,\n  SHEAF_KIND_NEXT_TIME = 16,\n  SHEAF_KIND_NEXT_SET = 10,\n  SHEAF_KIND_NONE = 0,")
replace("  XX(VERB_TRAITS, 3, \"sheaf.traits/1\")"
        "  XX(VERB_TRAITS, 3, \"sheaf.traits/1\") XX(VERB_NEXT, 4, \"sheaf.next/1\")")
replace("  XX(INVALID_ARGUMENT, 400,"
        "  XX(NEXT_STATUS, 399, next_status, \"a status that is young\") XX(INVALID_ARGUMENT, 400,")

file(WRITE "${OUTPUT}" "${text}")
