// A client of clamd's protocol against a gate whose verdicts the test makes: what is answered, in which order
// with the log, and that nothing but a release is answered OK.

#include "scanner/gate/adapters/clamd_connection.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "scanner/gate/open_beneath.h"
#include "tests/support/judging.h"
#include "tests/support/temporary_directory.h"

namespace dumpgate {
namespace {

using namespace std::string_view_literals;

// Both ends of a connection; the gate's is served by a thread of its own.
class Client {
 public:
  Client(const ClamdSettings& settings, Judge& judge) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
    mine_ = Descriptor(ends[0]);
    server_ = std::thread([settings, &judge, theirs = ends[1]] {
      serve_clamd_connection(theirs, settings, judge);
      (void)::close(theirs);
    });
  }
  ~Client() {
    mine_.reset();
    server_.join();
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t count = ::send(mine_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return;  // the gate has closed, as some tests want
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
  }
  void no_more() const { (void)::shutdown(mine_.get(), SHUT_WR); }

  void send_descriptors(const std::vector<int>& descriptors) const {
    char nothing = 0;
    iovec place{.iov_base = &nothing, .iov_len = 1};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(16 * sizeof(int))> control{};
    const std::size_t bytes = descriptors.size() * sizeof(int);
    msghdr message{};
    message.msg_iov = &place;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(bytes);
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(bytes);
    std::memcpy(CMSG_DATA(header), descriptors.data(), bytes);
    ASSERT_EQ(::sendmsg(mine_.get(), &message, 0), 1);
  }

  // Everything until the gate closes.
  std::string rest() const {
    std::string text;
    std::array<char, 4096> buffer{};
    for (ssize_t count = 1; count > 0;) {
      count = ::recv(mine_.get(), buffer.data(), buffer.size(), 0);
      if (count > 0) text.append(buffer.data(), static_cast<std::size_t>(count));
    }
    return text;
  }
  std::string line(char end) const {
    std::string text;
    char c = 0;
    while (::recv(mine_.get(), &c, 1, 0) == 1 && c != end) text += c;
    return text;
  }

 private:
  Descriptor mine_{};
  std::thread server_{};
};

std::string chunk(std::string_view bytes) {
  std::string text;
  for (int shift = 24; shift >= 0; shift -= 8) text += static_cast<char>((bytes.size() >> shift) & 0xff);
  return text.append(bytes);
}

class ClamdConnection : public ::testing::Test {
 protected:
  ClamdConnection() {
    std::filesystem::create_directories(directory_.file("in"));
    settings_.quarantine = directory_.file("");
    settings_.spool = directory_.file("in");
    settings_.version = "1";
    settings_.idle = std::chrono::seconds{20};
  }
  // The whole talk of a client that says all this and then listens.
  std::string talk(std::string_view bytes) {
    const Client client(settings_, judge_);
    client.send(bytes);
    client.no_more();
    return client.rest();
  }
  std::string stream(std::string_view bytes) {
    return talk(std::string("zINSTREAM\0"sv).append(chunk(bytes)).append(chunk("")));
  }

  TemporaryDirectory directory_{};
  ClamdSettings settings_{};
  ContentJudge judge_{};
};

TEST_F(ClamdConnection, AnswersPingAndVersionInTheClientsManner) {
  EXPECT_EQ(talk("zPING\0"sv), "PONG\0"sv);
  EXPECT_EQ(talk("nPING\n"), "PONG\n");
  EXPECT_EQ(talk("PING"), "PONG\n");
  EXPECT_EQ(talk("nVERSION\n").rfind("ClamAV 1-dumpgate/1/", 0), 0U);
  EXPECT_NE(talk("nVERSIONCOMMANDS\n").find("| COMMANDS: "), std::string::npos);
}

TEST_F(ClamdConnection, ABarePingIsAnsweredWhileTheClientWaits) {
  const Client client(settings_, judge_);
  client.send("PING");
  EXPECT_EQ(client.line('\n'), "PONG");
}

TEST_F(ClamdConnection, ACleanStreamIsOkAfterItsIntentIsDurable) {
  EXPECT_EQ(stream("harmless"), "stream: OK\0"sv);
  EXPECT_EQ(judge_.seen, std::vector<std::string>{"harmless"});
  EXPECT_EQ(judge_.log, (std::vector<std::string>{"verdict release", "intent stream", "complete stream"}));
}

TEST_F(ClamdConnection, EverythingButAReleaseIsFound) {
  EXPECT_EQ(stream("a KEY inside"), "stream: DumpGate.KeyMaterial.SCAN1 FOUND\0"sv);
  EXPECT_EQ(stream("a GAP inside"), "stream: DumpGate.Held.SCAN2 FOUND\0"sv);
  judge_.verdict_is_logged = false;
  EXPECT_EQ(stream("harmless"), "stream: DumpGate.Held.SCAN3 FOUND\0"sv);
  judge_.verdict_is_logged = true;
  judge_.intent_is_logged = false;
  EXPECT_EQ(stream("harmless"), "stream: DumpGate.NotLogged.SCAN4 FOUND\0"sv);
  for (const std::string& entry : judge_.log) EXPECT_EQ(entry.find("complete"), std::string::npos) << entry;
}

TEST_F(ClamdConnection, WhatCannotBeTakenInIsFoundAndNeverExamined) {
  settings_.most_bytes = 10;
  EXPECT_EQ(stream("more than ten bytes"), "stream: DumpGate.TooLarge FOUND\0"sv);
  settings_.quarantine = directory_.file("absent");
  EXPECT_EQ(stream("x"), "stream: DumpGate.NoSpace FOUND\0"sv);
  EXPECT_EQ(talk("nINSTREAM\n\xff\xff\xff\xff"
                 "abc"),
            "stream: DumpGate.CutOff FOUND\n");
  EXPECT_EQ(talk("nINSTREAM\n"), "stream: DumpGate.CutOff FOUND\n");
  EXPECT_EQ(talk("nSHUTDOWN\n"), "DumpGate.BadRequest FOUND\n");
  EXPECT_EQ(talk(std::string(5000, 'n')), "DumpGate.BadRequest FOUND\n");
  EXPECT_TRUE(judge_.seen.empty());
}

TEST_F(ClamdConnection, ASilentClientIsLeft) {
  settings_.idle = std::chrono::seconds{1};
  const Client client(settings_, judge_);
  client.send("nINSTREAM\n");
  client.send(chunk("the first part"));
  EXPECT_EQ(client.rest(), "stream: DumpGate.TooSlow FOUND\n");
  const Client mute(settings_, judge_);
  EXPECT_EQ(mute.rest(), "");
  EXPECT_TRUE(judge_.seen.empty());
}

TEST_F(ClamdConnection, ADripIsLeftWhenTheTimeForAStreamIsOver) {
  settings_.receiving = std::chrono::seconds{1};
  const Client client(settings_, judge_);
  client.send("nINSTREAM\n");
  std::atomic<bool> answered = false;
  std::thread drip([&] {
    while (!answered) {
      client.send(chunk("d"));
      std::this_thread::sleep_for(std::chrono::milliseconds{50});
    }
  });
  EXPECT_EQ(client.line('\n'), "stream: DumpGate.TooSlow FOUND");
  answered = true;
  drip.join();
}

TEST_F(ClamdConnection, ASessionNumbersItsAnswers) {
  const std::string text = std::string("zIDSESSION\0zPING\0zINSTREAM\0"sv)
                               .append(chunk("KEY"))
                               .append(chunk(""))
                               .append("zINSTREAM\0"sv)
                               .append(chunk("fine"))
                               .append(chunk(""))
                               .append("zEND\0zPING\0"sv);
  EXPECT_EQ(talk(text),
            "1: PONG\0"
            "2: stream: DumpGate.KeyMaterial.SCAN1 FOUND\0"
            "3: stream: OK\0"sv);
}

TEST_F(ClamdConnection, OutsideASessionOneCommandIsAnswered) { EXPECT_EQ(talk("nPING\nnPING\n"), "PONG\n"); }

TEST_F(ClamdConnection, ADescriptorIsExaminedFromItsStart) {
  const std::string path = directory_.write("dump", "harmless, whole");
  const Descriptor file(::open(path.c_str(), O_RDONLY));
  ASSERT_EQ(::lseek(file.get(), 5, SEEK_SET), 5);
  const Client client(settings_, judge_);
  client.send("zFILDES\0"sv);
  client.send_descriptors({file.get()});
  EXPECT_NE(client.rest().find(": OK"), std::string::npos);
  EXPECT_EQ(judge_.seen, std::vector<std::string>{"harmless, whole"});
}

TEST_F(ClamdConnection, ADescriptorThatIsNoReadableFileIsFound) {
  std::array<int, 2> pipe_ends{};
  ASSERT_EQ(::pipe(pipe_ends.data()), 0);
  const std::string path = directory_.write("dump", "harmless");
  for (const int number : {pipe_ends[0], ::open(path.c_str(), O_WRONLY), ::open(path.c_str(), O_PATH),
                           ::open(directory_.file("").c_str(), O_RDONLY)}) {
    const Client client(settings_, judge_);
    client.send("zFILDES\0"sv);
    client.send_descriptors({number});
    EXPECT_NE(client.rest().find(": DumpGate.NotAFile FOUND"), std::string::npos) << number;
    (void)::close(number);
  }
  (void)::close(pipe_ends[1]);
  EXPECT_TRUE(judge_.seen.empty());
}

TEST_F(ClamdConnection, NoneOrSeveralDescriptorsAreFound) {
  const Descriptor file(::open(directory_.write("dump", "harmless").c_str(), O_RDONLY));
  EXPECT_EQ(talk("zFILDES\0\0"sv), "fd: DumpGate.NoDescriptor FOUND\0"sv);
  for (const std::size_t count : {2U, 9U}) {
    const Client client(settings_, judge_);
    client.send("zFILDES\0"sv);
    client.send_descriptors(std::vector<int>(count, file.get()));
    EXPECT_EQ(client.rest(), "fd: DumpGate.NoDescriptor FOUND\0"sv);
  }
  EXPECT_TRUE(judge_.seen.empty());
}

TEST_F(ClamdConnection, AFileThatIsWrittenWhileItIsExaminedIsFound) {
  const std::string path = directory_.write("dump", "harmless");
  const Descriptor file(::open(path.c_str(), O_RDONLY));
  judge_.meanwhile = [&path] { std::ofstream(path, std::ios::app) << "KEY"; };
  const Client client(settings_, judge_);
  client.send("zFILDES\0"sv);
  client.send_descriptors({file.get()});
  EXPECT_NE(client.rest().find(": DumpGate.Changed.SCAN1 FOUND"), std::string::npos);
}

TEST_F(ClamdConnection, PathsAreReadInsideTheSpoolOnly) {
  (void)directory_.write("outside", "harmless");
  const std::string inside = directory_.write("in/inside", "harmless");
  std::filesystem::create_symlink("inside", directory_.file("in/link"));
  std::filesystem::create_symlink("..", directory_.file("in/up"));
  ASSERT_EQ(::mkfifo(directory_.file("in/fifo").c_str(), 0600), 0);
  EXPECT_EQ(talk("nSCAN " + inside + "\n"), inside + ": OK\n");
  for (const std::string& path :
       {directory_.file("outside"), directory_.file("in/../outside"), directory_.file("in/link"),
        directory_.file("in/up/outside"), directory_.file("in/absent"), directory_.file("inside"),
        std::string("/etc/hostname"), std::string("inside"), directory_.file("in-side")})
    EXPECT_EQ(talk("nCONTSCAN " + path + "\n"), path + ": DumpGate.NotInSpool FOUND\n");
  for (const std::string& path : {directory_.file("in/"), directory_.file("in/fifo")})
    EXPECT_NE(talk("nMULTISCAN " + path + "\n").find("FOUND"), std::string::npos);
  settings_.spool.clear();
  EXPECT_NE(talk("nSCAN " + inside + "\n").find("NotInSpool FOUND"), std::string::npos);
  EXPECT_EQ(judge_.seen.size(), 1U);
}

TEST_F(ClamdConnection, AnAnswerThatNobodyTakesIsAnAbortedRelease) {
  {
    const Client client(settings_, judge_);
    judge_.meanwhile = [] { std::this_thread::sleep_for(std::chrono::milliseconds{300}); };
    client.send(std::string("zINSTREAM\0"sv).append(chunk("harmless")).append(chunk("")));
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
  }
  EXPECT_EQ(judge_.log, (std::vector<std::string>{"verdict release", "intent stream", "aborted stream"}));
}

TEST_F(ClamdConnection, AReadOfNothingExhaustsNothing) {
  judge_.out_of_memory = true;
  EXPECT_EQ(stream("harmless"), "DumpGate.Failed FOUND\n");
}

}  // namespace
}  // namespace dumpgate
