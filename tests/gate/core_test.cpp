// What the kernel says of a dying process, and the two sides of its coredump socket; the kernel's is played
// by the test.

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "scanner/base/descriptor.h"
#include "scanner/gate/adapters/core_facts.h"
#include "scanner/gate/adapters/coredump_socket.h"

namespace dumpgate {
namespace {

using Words = std::vector<std::string>;

TEST(CoreFacts, ReadsWhatCorePatternGives) {
  const auto facts =
      core_facts(Words{"4711", "1000", "1001", "11", "1700000000", "0", "host a", "1", "!opt!my app!sign\n"});
  ASSERT_TRUE(facts);
  EXPECT_TRUE(facts->unwanted());
  EXPECT_EQ(facts->program, "/opt/my app/sign\n");
  EXPECT_EQ(facts->file_name(), "core.sign_.4711.1700000000");
  const DumpSource source = facts->source("core-pattern");
  EXPECT_EQ(source.producer.at("program"), "/opt/my app/sign\\n");
  EXPECT_EQ(source.producer.at("signal"), "11");
}

TEST(CoreFacts, NoLimitIsNotAWishForNoCore) {
  const auto facts = core_facts(Words{"1", "0", "0", "6", "1", "18446744073709551615", "h", "2", "x"});
  ASSERT_TRUE(facts);
  EXPECT_FALSE(facts->unwanted());
}

TEST(CoreFacts, RefusesWhatItDoesNotUnderstand) {
  EXPECT_FALSE(core_facts(Words{}));
  EXPECT_FALSE(core_facts(Words{"1", "0", "0", "6", "1", "0", "h", "1"}));
  EXPECT_FALSE(core_facts(Words{"1", "0", "0", "6", "1", "0", "h", "1", "x", "y"}));
  EXPECT_FALSE(core_facts(Words{"../1", "0", "0", "6", "1", "0", "h", "1", "x"}));
  EXPECT_FALSE(core_facts(Words{"1", "0", "0", "", "1", "0", "h", "1", "x"}));
}

std::vector<std::byte> request_of(std::uint32_t size, std::uint32_t answer, std::uint64_t mask) {
  std::vector<std::byte> bytes(std::max<std::uint32_t>(size, 16));
  std::memcpy(bytes.data(), &size, 4);
  std::memcpy(bytes.data() + 4, &answer, 4);
  std::memcpy(bytes.data() + 8, &mask, 8);
  bytes.resize(size);
  return bytes;
}

TEST(CoredumpSocket, UnderstandsTheFirstRequestAndLongerOnes) {
  EXPECT_EQ(parse_coredump_request(request_of(16, 16, 15))->mask, 15U);
  EXPECT_EQ(parse_coredump_request(request_of(64, 32, 31))->mask, 31U);
  EXPECT_FALSE(parse_coredump_request(request_of(15, 16, 15)));
  EXPECT_FALSE(parse_coredump_request(request_of(16, 15, 15)));
  auto lying = request_of(16, 16, 15);
  lying[0] = std::byte{200};
  EXPECT_FALSE(parse_coredump_request(lying));
}

TEST(CoredumpSocket, AnswersOnlyWhatWasOffered) {
  const auto mask_of = [](const auto& answer) {
    std::uint64_t mask = 0;
    std::memcpy(&mask, answer->data() + 8, 8);
    return mask;
  };
  EXPECT_EQ(mask_of(coredump_answer({.size = 16, .answer_size = 16, .mask = 15}, true)), 9U);
  EXPECT_EQ(mask_of(coredump_answer({.size = 16, .answer_size = 16, .mask = 15}, false)), 12U);
  EXPECT_FALSE(coredump_answer({.size = 16, .answer_size = 16, .mask = 14}, true));
  EXPECT_FALSE(coredump_answer({.size = 16, .answer_size = 16, .mask = 1}, true));
}

// The kernel's side: sends `request`, takes an answer of 16 bytes, says `mark`.
Result<bool> talk(const std::vector<std::byte>& request, std::uint32_t mark, bool wanted,
                  std::chrono::seconds patience = std::chrono::seconds{20}) {
  std::array<int, 2> ends{};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
  const Descriptor mine(ends[0]);
  std::thread kernel([&request, mark, theirs = ends[1]] {
    const Descriptor socket(theirs);
    std::array<char, 16> answer{};
    (void)::send(theirs, request.data(), request.size(), MSG_NOSIGNAL);
    if (::recv(theirs, answer.data(), answer.size(), MSG_WAITALL) != 16) return;
    (void)::send(theirs, &mark, sizeof mark, MSG_NOSIGNAL);
  });
  TimedSocket socket(ends[0]);
  auto agreed = agree_on_coredump(socket, wanted, std::chrono::steady_clock::now() + patience);
  (void)::shutdown(ends[0], SHUT_RDWR);
  kernel.join();
  return agreed;
}

TEST(CoredumpSocket, AgreesWithTheKernelOrEndsTheDump) {
  EXPECT_TRUE(*talk(request_of(16, 16, 15), 0, true));
  EXPECT_FALSE(*talk(request_of(16, 16, 15), 0, false));
  EXPECT_TRUE(*talk(request_of(40, 24, 31), 0, true));
  EXPECT_FALSE(talk(request_of(16, 16, 15), 3, true));
  EXPECT_FALSE(talk(request_of(16, 16, 2), 0, true));
  // Of this one the rest is waited for.
  EXPECT_FALSE(talk(request_of(8, 16, 15), 0, true, std::chrono::seconds{1}));
}

TEST(CoredumpSocket, ASilentPeerIsLeft) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
  const Descriptor mine(ends[0]);
  const Descriptor theirs(ends[1]);
  TimedSocket socket(ends[0]);
  const auto agreed =
      agree_on_coredump(socket, true, std::chrono::steady_clock::now() + std::chrono::milliseconds{50});
  ASSERT_FALSE(agreed);
  EXPECT_EQ(agreed.error().code, ErrorCode::limit);
}

}  // namespace
}  // namespace dumpgate
