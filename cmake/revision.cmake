# generated/revision.hpp: the git revision that a result file states; "unknown" outside a checkout.
# Included, it adds a target that looks at every build; run with -P by that target, it writes the header.
if(CMAKE_SCRIPT_MODE_FILE)
  cmake_minimum_required(VERSION 3.25)
  execute_process(COMMAND git -C ${SOURCE} describe --always --dirty --abbrev=12
                  OUTPUT_VARIABLE revision OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    set(revision unknown)
  endif()
  file(CONFIGURE OUTPUT ${HEADER} @ONLY CONTENT
"#pragma once
#define VITROBEAM_REVISION \"@revision@\"
")
else()
  add_custom_target(revision
    COMMAND ${CMAKE_COMMAND} -DSOURCE=${CMAKE_SOURCE_DIR} -DHEADER=${CMAKE_BINARY_DIR}/generated/revision.hpp
            -P ${CMAKE_CURRENT_LIST_DIR}/revision.cmake
    BYPRODUCTS ${CMAKE_BINARY_DIR}/generated/revision.hpp)
endif()
