// Fuzzes the keys of the store: what is accepted has one encoding only.
#include "base/ensure.hpp"
#include "storage/key_layout.hpp"

using namespace tern;
using namespace tern::storage;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes key(reinterpret_cast<const char*>(data), size);
  const auto block = decode_block_key(key);
  ensure(block.has_value() == (size == block_key_bytes), "any 16 octets are a block's key");
  if (block) {
    ensure(view(encode_block_key(*block)) == key, "block key changed by a round trip");
    const Stream stream = block->stream;
    if (stream != shared_stream) {
      ensure(stream_of(queue_of(stream), is_spilled(stream)) == stream, "another stream");
    }
  }
  const auto due = decode_due_key(key);
  if (due) {
    ensure(view(encode_due_key(*due)) == key, "due key changed by a round trip");
    ensure(due_begin(due->stream) <= key && key < due_end(due->stream), "outside of its stream");
    ensure(key < key_after(key), "nothing comes after it");
  }
  const auto number = decode_number(key);
  ensure(number.has_value() == (size == 8), "any 8 octets are a number");
  if (number) ensure(encode_number(*number) == key, "number changed by a round trip");
  const auto queue = decode_queue_key(key);
  if (queue) ensure(queue_key(*queue) == key, "queue key changed by a round trip");
  return 0;
}
