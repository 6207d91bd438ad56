// Runs a fuzz target over every file of the folders given, then over each file cut short at many places, so
// that a plain test run replays the corpora under whatever sanitizer it was built with. A missing folder is
// an error.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

// An allocation of exactly the right size, so that AddressSanitizer sees any read past the end.
void run(const std::vector<char>& bytes, std::size_t size) {
  const auto copy = std::make_unique<std::uint8_t[]>(size);
  std::copy_n(bytes.begin(), size, copy.get());
  (void)LLVMFuzzerTestOneInput(copy.get(), size);
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t files = 0;
  for (int i = 1; i < argc; ++i) {
    if (!std::filesystem::is_directory(argv[i])) {
      (void)std::fprintf(stderr, "no such folder: %s\n", argv[i]);
      return 1;
    }
    for (const auto& entry : std::filesystem::directory_iterator(argv[i])) {
      std::ifstream in(entry.path(), std::ios::binary);
      const std::vector<char> bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
      run(bytes, bytes.size());
      const std::size_t step = bytes.size() / 64 + 1;
      for (std::size_t size = 0; size < bytes.size(); size += step) run(bytes, size);
      ++files;
    }
  }
  (void)std::printf("%zu seeds replayed\n", files);
  return files == 0 ? 1 : 0;
}
