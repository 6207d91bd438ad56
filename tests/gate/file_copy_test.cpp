// A copy is whole and of the size that was announced, or there is none.

#include "scanner/gate/file_copy.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "scanner/base/descriptor.h"
#include "tests/support/temporary_directory.h"

namespace dumpgate {
namespace {

TEST(FileCopy, EndsWhereTheFileEnded) {
  const TemporaryDirectory home;
  home.write("from", "0123456789");
  const Descriptor from(::open(home.file("from").c_str(), O_RDONLY | O_CLOEXEC));
  const auto whole = copy_file(from.get(), home.file("to"), 10);
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->size, 10U);
  EXPECT_EQ(whole->sha256, hash_file(from.get()).value().sha256);
  const auto grown = copy_file(from.get(), home.file("other"), 9);
  ASSERT_FALSE(grown);
  EXPECT_EQ(grown.error().code, ErrorCode::limit);
  EXPECT_FALSE(std::filesystem::exists(home.file("other")));
}

}  // namespace
}  // namespace dumpgate
