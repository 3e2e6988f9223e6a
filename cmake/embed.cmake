# embed_file(path name): build/generated/<name>.cpp with the file's text as `extern const std::string_view vitrobeam::<name>`.
function(embed_file path name)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${path})
  file(READ ${CMAKE_SOURCE_DIR}/${path} text)
  string(LENGTH "${text}" length)
  # MSVC-sized pieces: a string literal may be limited to 64 KiB, adjacent literals are joined.
  set(body "")
  set(start 0)
  while(start LESS length)
    string(SUBSTRING "${text}" ${start} 8000 piece)
    string(APPEND body "R\"~~~(${piece})~~~\"\n")
    math(EXPR start "${start} + 8000")
  endwhile()
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/${name}.cpp @ONLY CONTENT
"// Generated from @path@.
#include <string_view>
namespace vitrobeam {
extern const std::string_view @name@;
const std::string_view @name@ =
@body@;
}  // namespace vitrobeam
")
endfunction()
