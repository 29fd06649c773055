// Changing and walking the trie (topic_trie.hpp).
#include "exchange/topic_trie.hpp"

#include <algorithm>
#include <utility>

#include "base/ensure.hpp"

namespace tern::exchange {
namespace {

constexpr std::string_view star_word = "*";
constexpr std::string_view hash_word = "#";

/// Calls `visit` with each word: the pieces between dots, none for "". Stops when it says false.
template <class Visit>
void each_word(std::string_view text, Visit visit) {
  if (text.empty()) return;
  for (std::size_t begin = 0;;) {
    const std::size_t dot = text.find('.', begin);
    if (!visit(text.substr(begin, dot - begin))) return;
    if (dot == std::string_view::npos) return;
    begin = dot + 1;
  }
}

/// A pattern's words, each run of wildcards in its plainest form: all `*` first, then one `#` at
/// most. That matches the same keys, and equal patterns share nodes: a `#` node never has wildcard
/// links of its own, and `#.#.#.#` is one node.
std::vector<std::string_view> plain_words(std::string_view pattern) {
  std::vector<std::string_view> words;
  bool has_hash = false;
  each_word(pattern, [&](std::string_view word) {
    if (word == hash_word) {
      has_hash = true;
    } else {
      if (has_hash && word != star_word) {
        words.push_back(hash_word);
        has_hash = false;
      }
      words.push_back(word);
    }
    return true;
  });
  if (has_hash) words.push_back(hash_word);
  return words;
}

}  // namespace

bool TopicTrie::has_wildcard(std::string_view pattern) noexcept {
  bool found = false;
  each_word(pattern, [&](std::string_view word) {
    found = word == star_word || word == hash_word;
    return !found;
  });
  return found;
}

void TopicTrie::add(ListedBinding& binding) {
  NodeNumber at = 0;
  for (const std::string_view word : plain_words(binding.first.routing_key)) {
    const NodeNumber next = child(at, word);
    at = next != 0 ? next : make_child(at, word);
  }
  nodes_[at].targets.add(binding);
}

void TopicTrie::remove(const ListedBinding& binding) {
  const auto words = plain_words(binding.first.routing_key);
  std::vector<NodeNumber> path{0};
  for (const std::string_view word : words) {
    path.push_back(child(path.back(), word));
    ensure(path.back() != 0, "pattern is not in the trie");
  }
  nodes_[path.back()].targets.remove(binding);
  for (std::size_t depth = words.size(); depth > 0; --depth) {
    const Node& node = nodes_[path[depth]];
    const bool is_leaf = node.star == 0 && node.hash == 0 && node.edges == 0;
    if (!is_leaf || !node.targets.empty()) return;
    drop_child(path[depth - 1], words[depth - 1], path[depth]);
  }
}

void TopicTrie::collect(std::string_view key, TargetSet& targets) const {
  if (node_count() == 0) return;
  start_walk();
  enter(0, targets);
  each_word(key, [&](std::string_view word) {
    step(word, targets);
    return !reached_.empty() || !floating_.empty();
  });
  for (const NodeNumber node : reached_) nodes_[node].targets.collect(targets);
}

void TopicTrie::start_walk() const {
  reached_.clear();
  floating_.clear();
  if (++walk_ != 0) return;
  for (const Node& node : nodes_) node.visit = 0;
  walk_ = 1;
}

// Adds a node to those reached. Its `#` may stand for no word, so that is reached with it; and as
// it may stand for all words to come as well, its targets are settled then and there.
void TopicTrie::enter(NodeNumber number, TargetSet& targets) const {
  reached_.push_back(number);
  const NodeNumber hash = nodes_[number].hash;
  if (hash == 0 || nodes_[hash].visit == walk_) return;
  nodes_[hash].visit = walk_;
  nodes_[hash].targets.collect(targets);
  if (nodes_[hash].edges > 0) floating_.push_back(hash);
}

void TopicTrie::step(std::string_view word, TargetSet& targets) const {
  const WordNumber number = number_of(word);
  leaving_.swap(reached_);
  reached_.clear();
  // A `#` node entered during this step stands behind the word, so it is not part of the loop.
  const std::size_t floating_count = number == 0 ? 0 : floating_.size();
  for (std::size_t i = 0; i < floating_count; ++i)
    if (const NodeNumber next = edges_.find(floating_[i], number)) enter(next, targets);
  for (const NodeNumber from : leaving_) {
    const Node& node = nodes_[from];
    if (node.star != 0) enter(node.star, targets);
    if (number == 0 || node.edges == 0) continue;
    if (const NodeNumber next = edges_.find(from, number)) enter(next, targets);
  }
}

TopicTrie::NodeNumber TopicTrie::child(NodeNumber parent, std::string_view word) const noexcept {
  if (word == star_word) return nodes_[parent].star;
  if (word == hash_word) return nodes_[parent].hash;
  const WordNumber number = number_of(word);
  return number == 0 ? 0 : edges_.find(parent, number);
}

TopicTrie::NodeNumber TopicTrie::make_child(NodeNumber parent, std::string_view word) {
  NodeNumber made = static_cast<NodeNumber>(nodes_.size());
  if (free_.empty()) {
    nodes_.emplace_back();
  } else {
    made = free_.back();
    free_.pop_back();
  }
  if (word == star_word) {
    nodes_[parent].star = made;
  } else if (word == hash_word) {
    nodes_[parent].hash = made;
  } else {
    edges_.insert(parent, use_word(word), made);
    ++nodes_[parent].edges;
  }
  return made;
}

void TopicTrie::drop_child(NodeNumber parent, std::string_view word, NodeNumber child) {
  if (word == star_word) {
    nodes_[parent].star = 0;
  } else if (word == hash_word) {
    nodes_[parent].hash = 0;
  } else {
    edges_.erase(parent, number_of(word));
    --nodes_[parent].edges;
    release_word(word);
  }
  nodes_[child] = Node{};
  free_.push_back(child);
}

TopicTrie::WordNumber TopicTrie::number_of(std::string_view word) const noexcept {
  const auto at = words_.find(word);
  return at == words_.end() ? 0 : at->second.number;
}

TopicTrie::WordNumber TopicTrie::use_word(std::string_view word) {
  auto at = words_.find(word);
  if (at == words_.end()) {
    at = words_.emplace(word, Word{}).first;
    if (free_words_.empty()) {
      at->second.number = static_cast<WordNumber>(words_.size());
    } else {
      at->second.number = free_words_.back();
      free_words_.pop_back();
    }
  }
  ++at->second.uses;
  return at->second.number;
}

void TopicTrie::release_word(std::string_view word) {
  const auto at = words_.find(word);
  ensure(at != words_.end(), "word is not in use");
  if (--at->second.uses > 0) return;
  free_words_.push_back(at->second.number);
  words_.erase(at);
}

}  // namespace tern::exchange
