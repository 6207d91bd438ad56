# scanner_layer(<name> <dependency>...) builds scanner/<name>/ into the static library scanner_<name>.
#
# Dependencies that name a layer become scanner_<layer>; anything else is an external target.
# scanner/<name>/<kind>s/*.cpp is a registry: see scanner_registry below.
function(scanner_layer name)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
  if(NOT sources)
    set(sources ${CMAKE_CURRENT_BINARY_DIR}/${name}_empty.cpp)
    file(WRITE ${sources} "")
  endif()
  add_library(scanner_${name} STATIC ${sources})
  target_include_directories(scanner_${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(scanner_${name} PRIVATE scanner_flags)
  foreach(dependency IN LISTS ARGN)
    if(TARGET scanner_${dependency})
      target_link_libraries(scanner_${name} PUBLIC scanner_${dependency})
    else()
      target_link_libraries(scanner_${name} PRIVATE ${dependency})
    endif()
  endforeach()
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.h)
  target_sources(scanner_${name} PUBLIC FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${headers})
  set_target_properties(scanner_${name} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)
  if(TARGET scanner_headers)
    target_precompile_headers(scanner_${name} REUSE_FROM scanner_headers)
  endif()
endfunction()

# scanner_registry(<layer> <folder> <type> <header>) makes the folder the list: every file
# scanner/<layer>/<folder>/<x>.cpp must define `extern const <type> <x>_<noun>;` where <noun> is the
# folder in the singular. A file that forgets it does not link.
function(scanner_registry layer folder type header)
  string(REGEX REPLACE "s$" "" noun ${folder})
  file(GLOB files CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${layer}/${folder}/*.cpp)
  list(SORT files)
  list(LENGTH files count)
  set(declarations "")
  set(entries "")
  foreach(file IN LISTS files)
    cmake_path(GET file STEM stem)
    string(APPEND declarations "extern const ${type}& ${stem}_${noun};\n")
    string(APPEND entries "    &${stem}_${noun},\n")
  endforeach()
  file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/${layer}_${folder}.cpp @ONLY CONTENT
"// Generated from the files in scanner/${layer}/${folder}/. Do not edit.
#include \"${header}\"

#include <array>
namespace dumpgate {
@declarations@
std::span<const ${type}* const> all_${folder}() {
  static const std::array<const ${type}*, ${count}> table{
@entries@  };
  return table;
}
}  // namespace dumpgate
")
  target_sources(scanner_${layer} PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/${layer}_${folder}.cpp)
endfunction()

# scanner_signatures(<layer>) compiles the text of every signatures/*.toml into the layer.
function(scanner_signatures layer)
  file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/signatures/*.toml)
  list(SORT files)
  list(LENGTH files count)
  set(entries "")
  foreach(file IN LISTS files)
    cmake_path(GET file STEM id)
    file(READ ${file} text)
    string(APPEND entries "    {\"${id}\", R\"sig(${text})sig\"},\n")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  endforeach()
  file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/signatures.cpp @ONLY CONTENT
"// Generated from signatures/*.toml. Do not edit.
#include \"scanner/detect/signature.h\"

#include <array>
namespace dumpgate {
std::span<const SignatureText> builtin_signature_texts() {
  static constexpr std::array<SignatureText, ${count}> texts{{
@entries@  }};
  return texts;
}
}  // namespace dumpgate
")
  target_sources(scanner_${layer} PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/signatures.cpp)
endfunction()

# scanner_known_test_keys(<layer>) compiles the text of signatures/known-test-keys.tsv into the layer.
function(scanner_known_test_keys layer)
  set(file ${PROJECT_SOURCE_DIR}/signatures/known-test-keys.tsv)
  file(READ ${file} text)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/known_test_keys.cpp @ONLY CONTENT
"// Generated from signatures/known-test-keys.tsv. Do not edit.
#include \"scanner/verdict/known_test_keys.h\"

namespace dumpgate {
std::string_view builtin_known_test_keys_text() {
  return R\"tsv(@text@)tsv\";
}
}  // namespace dumpgate
")
  target_sources(scanner_${layer} PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/known_test_keys.cpp)
endfunction()
