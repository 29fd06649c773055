# Compiler, warnings, sanitizers, LTO, ccache: everything about how, nothing about what is built.

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

option(TERNMQ_LTO "Link-time optimisation" OFF)
set(TERNMQ_SANITIZE "" CACHE STRING "Sanitizers, for example address,undefined or thread")

add_compile_options(-Wall -Wextra -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Werror=return-type)
add_compile_definitions(BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_VISIBILITY)

if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 16)
  add_compile_options(-include ${CMAKE_CURRENT_LIST_DIR}/clang_source_location.hpp)
endif()

if(TERNMQ_LTO)
  include(CheckIPOSupported)
  check_ipo_supported()
  set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ON)
  # Objects have machine code as well, so that test programs link without doing it all over again.
  add_compile_options(-ffat-lto-objects)
  # Two link-time jobs: the machine the project is planned for has two cores.
  add_link_options(-flto=2)
endif()

if(TERNMQ_SANITIZE)
  # A finding ends the program: a test that goes on after undefined behaviour has not failed.
  add_compile_options(-fsanitize=${TERNMQ_SANITIZE} -fno-sanitize-recover=all
    -fno-omit-frame-pointer)
  # AddressSanitizer sees what is done through a null pointer. The two checks cost half of the time
  # to compile.
  add_compile_options(-fno-sanitize=null,vptr)
  add_link_options(-fsanitize=${TERNMQ_SANITIZE})
endif()
