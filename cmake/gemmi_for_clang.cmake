# gemmi 0.5 uses a vector of an incomplete type in constructors inside of a class, which g++ 12 takes and clang 14 does not in
# C++20: its header with these two constructors behind the type, read before the file's own.
file(READ ${GEMMI_INCLUDE}/gemmi/cifdoc.hpp cifdoc)
string(REGEX REPLACE "#include \"([a-z]+[.]hpp)\"" "#include <gemmi/\\1>" cifdoc "${cifdoc}")
string(REPLACE "explicit Block(const std::string& name_) : name(name_) {}" "explicit Block(const std::string& name_);" cifdoc "${cifdoc}")
string(REPLACE "  Block() {}" "  Block();" cifdoc "${cifdoc}")
string(REPLACE "struct ItemSpan {" "inline Block::Block(const std::string& name_) : name(name_) {}\ninline Block::Block() {}\nstruct ItemSpan {"
       cifdoc "${cifdoc}")
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/cifdoc.hpp CONTENT "${cifdoc}" @ONLY)
set_property(SOURCE ${CMAKE_SOURCE_DIR}/io/structure_cif.cpp APPEND PROPERTY COMPILE_OPTIONS -include ${CMAKE_BINARY_DIR}/generated/cifdoc.hpp)
