#include "scanner/io/input.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <thread>

#include "scanner/io/layers.h"
#include "tests/support/compressors.h"

namespace dumpgate {
namespace {

namespace fs = std::filesystem;
using namespace dumpgate::testing;  // sample bytes
using ::testing::HasSubstr;

class InputTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "dumpgate-input-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string at(const std::string& name) const { return (folder_ / name).string(); }
  std::string write(const std::string& name, const Bytes& content) const {
    std::ofstream out(at(name), std::ios::binary);
    out.write(reinterpret_cast<const char*>(content.data()), static_cast<std::streamsize>(content.size()));
    return at(name);
  }

 private:
  fs::path folder_;
};

Bytes read_all(ByteStream& stream) {
  Bytes all;
  Bytes buffer(10'000);
  for (auto got = stream.read(buffer); got && *got > 0; got = stream.read(buffer))
    all.insert(all.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(*got));
  return all;
}

std::string refusal(const std::string& path) {
  const auto input = open_input(path);
  if (input) return "opened";
  EXPECT_EQ(input.error().code, ErrorCode::io);
  return input.error().message;
}

TEST_F(InputTest, AFileIsStreamedAndViewed) {
  const Bytes content = sample(100'000);
  const auto input = open_input(write("dump", content));
  ASSERT_TRUE(input);
  EXPECT_EQ((*input)->name(), at("dump"));
  EXPECT_EQ((*input)->size(), content.size());
  for (int pass = 0; pass < 2; ++pass) {
    const auto stream = (*input)->stream();
    ASSERT_TRUE(stream);
    EXPECT_EQ(read_all(**stream), content);
  }
  Bytes some(1'000);
  const auto got = (*input)->view()->read_at(99'500, some);
  ASSERT_TRUE(got && *got == 500);
  EXPECT_TRUE(std::equal(content.begin() + 99'500, content.end(), some.begin()));
  EXPECT_FALSE((*input)->changed());
}

TEST_F(InputTest, WhatIsNoDumpIsRefusedWithItsReason) {
  EXPECT_THAT(refusal(at("")), HasSubstr("directory"));
  EXPECT_THAT(refusal("/dev/null"), HasSubstr("device"));
  EXPECT_THAT(refusal(at("absent")), HasSubstr("No such file"));
  fs::create_symlink(at("loop"), at("loop"));
  EXPECT_THAT(refusal(at("loop")), HasSubstr("symbolic links"));
  fs::create_symlink(at("absent"), at("dangling"));
  EXPECT_THAT(refusal(at("dangling")), HasSubstr("No such file"));
  EXPECT_THAT(refusal("/proc/self/status"), HasSubstr("more bytes than its size says"));

  const int listener = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = at("socket");
  ASSERT_LT(name.size(), sizeof address.sun_path);
  std::ranges::copy(name, address.sun_path);
  ASSERT_EQ(::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  EXPECT_THAT(refusal(name), HasSubstr("socket"));
  (void)::close(listener);
}

TEST_F(InputTest, AnUnreadableFileIsRefused) {
  if (::geteuid() == 0) GTEST_SKIP() << "root reads everything";
  const std::string path = write("secret", sample(10));
  fs::permissions(path, fs::perms::none);
  EXPECT_THAT(refusal(path), HasSubstr("Permission denied"));
}

TEST_F(InputTest, ASymbolicLinkIsFollowed) {
  fs::create_symlink(write("dump", sample(10)), at("link"));
  const auto input = open_input(at("link"));
  ASSERT_TRUE(input);
  EXPECT_EQ((*input)->size(), 10U);
}

TEST_F(InputTest, ANamedPipeIsReadAsAPipe) {
  const Bytes content = sample(300'000);
  ASSERT_EQ(::mkfifo(at("pipe").c_str(), 0600), 0);
  std::thread writer([&] { (void)write("pipe", content); });
  const auto input = open_input(at("pipe"));
  ASSERT_TRUE(input);
  EXPECT_FALSE((*input)->size());
  EXPECT_EQ((*input)->view(), nullptr);
  const auto stream = (*input)->stream();
  ASSERT_TRUE(stream);
  EXPECT_EQ(read_all(**stream), content);
  EXPECT_FALSE((*input)->stream()) << "a pipe is read once";
  writer.join();
}

TEST_F(InputTest, ANonBlockingPipeIsWaitedFor) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_NONBLOCK), 0);
  const auto input = open_descriptor(ends[0], "-");
  ASSERT_TRUE(input);
  const auto stream = (*input)->stream();
  ASSERT_TRUE(stream);
  std::thread writer([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    EXPECT_EQ(::write(ends[1], "late", 4), 4);
    (void)::close(ends[1]);
  });
  EXPECT_EQ(read_all(**stream), bytes_of("late"));
  writer.join();
}

TEST_F(InputTest, ARedirectedFileBeginsWhereItsOffsetStands) {
  const int descriptor = ::open(write("dump", bytes_of("0123456789")).c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_GE(descriptor, 0);
  ASSERT_EQ(::lseek(descriptor, 4, SEEK_SET), 4);
  const auto input = open_descriptor(descriptor, "-");
  ASSERT_TRUE(input);
  EXPECT_EQ((*input)->size(), 6U);
  EXPECT_EQ(read_all(**(*input)->stream()), bytes_of("456789"));
}

TEST_F(InputTest, AChangeIsNoticed) {
  const auto grown = open_input(write("grown", sample(100)));
  std::ofstream(at("grown"), std::ios::app) << "more";
  EXPECT_TRUE((*grown)->changed());

  const auto touched = open_input(write("touched", sample(100)));
  fs::last_write_time(at("touched"), fs::file_time_type::clock::now() + std::chrono::hours(1));
  EXPECT_TRUE((*touched)->changed());
}

TEST_F(InputTest, AFileThatGrowsIsReadToItsSizeAtOpeningAndLeavesAGap) {
  const auto input = open_input(write("dump", sample(100'000)));
  std::uint64_t seen = 0;
  LayerWalk walk(**input, {}, [&](auto bytes) { seen += bytes.size(); });
  ASSERT_TRUE(walk.next());
  std::ofstream(at("dump"), std::ios::app) << "more";
  ASSERT_TRUE(walk.next());
  EXPECT_EQ(seen, 100'000U);
  ASSERT_FALSE(walk.gaps().empty());
  EXPECT_EQ(walk.gaps().back().reason, GapReason::io);
}

TEST_F(InputTest, AFileThatShrinksLeavesAGapWhereItEnds) {
  const auto input = open_input(write("dump", sample(1'000'000)));
  std::uint64_t seen = 0;
  LayerWalk walk(**input, {}, [&](auto bytes) { seen += bytes.size(); });
  const auto leaf = walk.next();
  ASSERT_TRUE(leaf && *leaf);
  fs::resize_file(at("dump"), 500'123);
  EXPECT_EQ(read_all(*(*leaf)->stream).size(), 500'123U);
  ASSERT_TRUE(walk.next());
  EXPECT_EQ(seen, 500'123U);
  ASSERT_EQ(walk.gaps().size(), 2U);
  EXPECT_EQ(walk.gaps()[0].reason, GapReason::io);
  EXPECT_EQ(walk.gaps()[0].offset, 500'123U);
  EXPECT_EQ(walk.gaps()[1].reason, GapReason::io) << "it changed, too";
}

TEST_F(InputTest, AFileRemovedWhileOpenIsStillWhole) {
  const auto input = open_input(write("dump", sample(1'000)));
  ASSERT_TRUE(input);
  fs::remove(at("dump"));
  EXPECT_EQ(read_all(**(*input)->stream()), sample(1'000));
}

TEST_F(InputTest, PlacesBeyondFourGibibytesOfASparseFileAreRead) {
  constexpr std::uint64_t size = (5ULL << 30) + 4;
  (void)write("sparse", {});
  fs::resize_file(at("sparse"), size);
  {
    std::fstream file(at("sparse"), std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(size - 4));
    file << "last";
  }
  const auto input = open_input(at("sparse"));
  ASSERT_TRUE(input);
  EXPECT_EQ((*input)->size(), size);
  Bytes end(8);
  const auto got = (*input)->view()->read_at(size - 8, end);
  ASSERT_TRUE(got && *got == 8);
  EXPECT_EQ(end, joined(Bytes(4), bytes_of("last")));
}

TEST_F(InputTest, DescriptorsAreNotInherited) {
  const auto input = open_input(write("dump", sample(10)));
  ASSERT_TRUE(input);
  for (const auto& entry : fs::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    if (fs::read_symlink(entry.path(), gone) != at("dump")) continue;
    EXPECT_NE(::fcntl(std::stoi(entry.path().filename()), F_GETFD) & FD_CLOEXEC, 0);
  }
}

TEST(MemoryInput, OnceBehavesLikeAPipe) {
  const Bytes content = sample(10);
  const auto input = memory_input("memory", content, true);
  EXPECT_FALSE(input->size());
  EXPECT_EQ(input->view(), nullptr);
  EXPECT_TRUE(input->stream());
  EXPECT_FALSE(input->stream());
}

}  // namespace
}  // namespace dumpgate
