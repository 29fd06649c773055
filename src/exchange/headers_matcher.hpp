// HeadersMatcher: a binding's arguments are conditions on the message's headers, all of which or
// any of which must hold (`x-match`).
//
// A condition is a header with a value, or with void: then the header has to be there. Bindings
// are filed under the hash of a condition, so that a message finds its candidates by its own
// headers, and bindings that share nothing with it cost nothing:
//   all   under one of its conditions, the one with the fewest bindings at the time;
//         with no condition at all under `always`;
//   any   under each of its conditions; with none nowhere, for it matches nothing.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "exchange/binding_index.hpp"
#include "exchange/header_fields.hpp"
#include "exchange/matcher.hpp"

namespace tern::exchange {

class HeadersMatcher final : public Matcher {
 public:
  /// Whether `x-match`, if it is there, is one of the four known texts.
  [[nodiscard]] static Result<void> check_binding(const NewBinding& binding);

  bool bind(const Binding& binding) override;
  bool unbind(const Binding& binding) override;
  void route(const RouteInput& input, TargetSet& targets) const override;
  [[nodiscard]] std::size_t size() const noexcept override { return bindings_.size(); }
  [[nodiscard]] bool is_cacheable() const noexcept override { return false; }
  /// Different conditions under which bindings are filed.
  [[nodiscard]] std::size_t file_count() const noexcept { return files_.size(); }

 private:
  using FileKey = std::uint64_t;
  /// The file of bindings without conditions. (A condition may hash to it too: no harm is done, as
  /// whatever a file yields is checked against the message.)
  static constexpr FileKey always = 0;

  /// Where a binding is filed, and because of which condition.
  struct Place {
    FileKey key = always;
    std::uint32_t slot = 0;
    std::uint32_t condition = 0;
  };
  struct Rule {
    bool any = false;
    std::vector<HeaderField> conditions;  ///< views of the binding's arguments
    std::vector<Place> places;
  };
  using Rules = BindingIndex<Rule>;
  /// One of a binding's places, as a file has it.
  struct Filed {
    Rules::Node* binding;
    std::uint32_t place;  ///< index in Rule::places
  };
  using File = std::vector<Filed>;

  static void read_rule(Rules::Node& binding);
  [[nodiscard]] std::vector<Place> choose_places(const Rule& rule) const;
  [[nodiscard]] static bool is_presence(const Rule& rule, const Place& place) noexcept;
  void add_to_file(Rules::Node& binding, std::uint32_t place);
  void remove_from_file(const Place& place);
  void collect(FileKey key, TargetSet& targets) const;
  [[nodiscard]] bool is_met(const Filed& filed) const;
  [[nodiscard]] bool holds(const HeaderField& condition) const;

  Rules bindings_;
  std::unordered_map<FileKey, File> files_;
  std::size_t presence_count_ = 0;  ///< places filed under a condition without a value
  mutable HeaderFields message_;    ///< scratch: the headers being routed
};

}  // namespace tern::exchange
