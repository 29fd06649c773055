// Fills the fields of any method with values that differ from field to field, for table-driven
// tests over all methods.
#pragma once

#include <string>

#include "amqp/methods.hpp"

namespace tern::amqp {

class SampleFiller {
 public:
  /// A method whose n-th field depends on n; bits alternate, the first being `first_bit`.
  template <class Method>
  Method make(bool first_bit) {
    next_bit_ = first_bit;
    count_ = 0;
    Method method;
    std::apply([this](auto&... field) { (fill(field), ...); }, Method::fields(method));
    return method;
  }

 private:
  static constexpr std::string_view text_ = "abcdefghijklmnopqrstuvwxyz";

  void fill(bool& field) {
    field = next_bit_;
    next_bit_ = !next_bit_;
  }
  template <std::unsigned_integral T>
  void fill(T& field) {
    // The low octet differs by field, the high one is never zero.
    field = static_cast<T>(0xF1E2D3C4B5A69700ULL >> (64 - 8 * sizeof(T)));
    field = static_cast<T>(field + ++count_);
  }
  void fill(std::string_view& field) {
    ++count_;
    field = text_.substr(count_, count_ + 1);
  }
  void fill(LongString& field) {
    ++count_;
    field = text_.substr(count_, count_ + 3);
  }
  void fill(TableEntries& field) {
    field = Bytes(table_);
    ++count_;
  }

  std::string table_ = encode_entries({{"k", "v"}, {"n", 1}, {"t", FieldTable{{"b", true}}}});
  bool next_bit_ = false;
  std::size_t count_ = 0;
};

}  // namespace tern::amqp
