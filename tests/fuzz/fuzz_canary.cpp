// A target with a planted defect, which the fuzzer must find: it reads one octet beyond its input
// behind a short magic word. If this target passes, the others prove nothing (see run).
#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  volatile std::uint8_t sink = 0;
  if (size >= 3 && data[0] == 'b' && data[1] == 'u' && data[2] == 'g') sink = data[size];
  static_cast<void>(sink);
  return 0;
}
