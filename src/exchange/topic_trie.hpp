// TopicTrie: patterns with wildcards, stored word by word. Part of TopicMatcher, same thread.
//
//   words    one number for each word in use: a routing key's word is hashed once, and a word that
//            no pattern names can only be met by wildcards;
//   nodes    a node is a prefix of patterns; `*` and `#` are links in it, words are edges;
//   edges    (node, word) -> node in one flat table.
//
// Matching walks the key once with the set of all nodes reached so far. A `#` node, once reached,
// stays reached, so it is entered at most once for a key, and every other node has one parent, so
// it is entered at most once for a word. The work is therefore at most words × nodes, whatever the
// patterns look like; trying the ways to place each `#` one after another would be exponential.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "exchange/binding_index.hpp"
#include "exchange/edge_table.hpp"
#include "exchange/key_table.hpp"

namespace tern::exchange {

class TopicTrie {
 public:
  TopicTrie() : nodes_(1) {}

  /// Whether one of the pattern's words is `*` or `#`.
  [[nodiscard]] static bool has_wildcard(std::string_view pattern) noexcept;

  /// Adds a binding by the pattern in its routing key.
  void add(ListedBinding& binding);
  /// Removes a binding that was added; nodes that nothing needs any more go with it.
  void remove(const ListedBinding& binding);
  /// Adds the targets of all patterns that match the routing key.
  void collect(std::string_view key, TargetSet& targets) const;

  /// Nodes in use besides the root, and words and edges in use: all 0 in an empty trie.
  [[nodiscard]] std::size_t node_count() const noexcept { return nodes_.size() - 1 - free_.size(); }
  [[nodiscard]] std::size_t word_count() const noexcept { return words_.size(); }
  [[nodiscard]] std::size_t edge_count() const noexcept { return edges_.size(); }

 private:
  using NodeNumber = std::uint32_t;  ///< index in nodes_; 0 is the root, and "none" in a link
  using WordNumber = std::uint32_t;  ///< 0: not a word of any pattern

  struct Node {
    NodeNumber star = 0;
    NodeNumber hash = 0;
    std::uint32_t edges = 0;          ///< children along words
    mutable std::uint32_t visit = 0;  ///< of a `#` node: the last walk that entered it
    TargetList targets;
  };
  struct Word {
    WordNumber number = 0;
    std::uint32_t uses = 0;  ///< edges with this word
  };

  [[nodiscard]] NodeNumber child(NodeNumber parent, std::string_view word) const noexcept;
  NodeNumber make_child(NodeNumber parent, std::string_view word);
  void drop_child(NodeNumber parent, std::string_view word, NodeNumber child);
  [[nodiscard]] WordNumber number_of(std::string_view word) const noexcept;
  WordNumber use_word(std::string_view word);
  void release_word(std::string_view word);

  void start_walk() const;
  void enter(NodeNumber node, TargetSet& targets) const;
  void step(std::string_view word, TargetSet& targets) const;

  std::vector<Node> nodes_;
  std::vector<NodeNumber> free_;
  TextMap<Word> words_;
  std::vector<WordNumber> free_words_;
  EdgeTable edges_;

  // The state of a walk; members only to keep their memory. `reached_` are the nodes that the words
  // so far lead to, `floating_` the `#` nodes among those with further words behind them.
  mutable std::vector<NodeNumber> reached_;
  mutable std::vector<NodeNumber> leaving_;
  mutable std::vector<NodeNumber> floating_;
  mutable std::uint32_t walk_ = 0;
};

}  // namespace tern::exchange
