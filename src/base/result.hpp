// Result<T>: a value or an error, for everything that a client, a file or a disk can cause.
// Programmer errors are `ensure` (ensure.hpp).
#pragma once

#include <boost/system/result.hpp>
#include <string>

namespace tern {

/// What went wrong, for a person: what, where and what to do.
struct Error {
  std::string text;
};

template <class T, class E = Error>
using Result = boost::system::result<T, E>;

[[noreturn]] inline void throw_exception_from_error(const Error& error,
                                                    const boost::source_location&) {
  throw std::runtime_error(error.text);
}

}  // namespace tern
