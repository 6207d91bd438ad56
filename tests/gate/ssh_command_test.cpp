// parse_ssh_command: what real clients send is understood; what would read, escape or change more is refused.

#include "scanner/gate/adapters/ssh_command.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace dumpgate {
namespace {

using Request = SshRequest::Kind;
using Words = std::vector<std::string>;

TEST(SshCommand, KnowsTheSubsystem) {
  EXPECT_EQ(parse_ssh_command("internal-sftp").kind, Request::sftp);
  EXPECT_EQ(parse_ssh_command("/usr/lib/openssh/sftp-server").kind, Request::sftp);
  EXPECT_EQ(parse_ssh_command("/usr/lib/openssh/sftp-server -d /").kind, Request::refused);
}

TEST(SshCommand, RsyncReceivesIntoTheSessionAlone) {
  const SshRequest request =
      parse_ssh_command("rsync --server -vlogDtpre.iLsfxCIvu --log-format=X . dumps/core");
  EXPECT_EQ(request.kind, Request::rsync);
  EXPECT_EQ(request.arguments,
            (Words{"--server", "-vlogDtpre.iLsfxCIvu", "--log-format=X", ".", "./dumps_core"}));
  EXPECT_EQ(parse_ssh_command("rsync --server -te.LsfxCIvu . ").arguments,
            (Words{"--server", "-te.LsfxCIvu", ".", "./"}));
  EXPECT_EQ(parse_ssh_command("rsync --server -te.LsfxCIvu . /etc/").arguments.back(), "./");
}

TEST(SshCommand, RsyncThatWouldSendOrLeaveHalvesIsRefused) {
  for (const char* const command :
       {"rsync --server --sender -vlogDtpre.iLsfxCIvu . .", "rsync --daemon .",
        "rsync -a . host:", "rsync --server --inplace -te.Lsf . x", "rsync --server --append -te.Lsf . x",
        "rsync --server --partial -te.Lsf . x", "rsync --server --partial-dir=/tmp -te.Lsf . x",
        "rsync --server --temp-dir=/tmp -te.Lsf . x", "rsync --server --log-file=/tmp/x -te.Lsf . x",
        "rsync --server --files-from=/etc/passwd -te.Lsf . x", "rsync --server --link-dest=/etc -te.Lsf . x",
        "rsync --server --backup-dir=/tmp -te.Lsf . x", "rsync --server -ste.Lsf . x",
        "rsync --server -te.Lsf x y", "rsync --server -te.Lsf . x y", "rsync --server -te.Lsf",
        "rsync --server -te.Lsf . x --sender", "rsync -te.Lsf --server . x", "rsync"})
    EXPECT_EQ(parse_ssh_command(command).kind, Request::refused) << command;
}

TEST(SshCommand, ScpReceivesOnly) {
  EXPECT_EQ(parse_ssh_command("scp -t /var/crash/core").arguments, (Words{"-t", "--", "./var_crash_core"}));
  EXPECT_EQ(parse_ssh_command("scp -v -p -r -d -t .").arguments,
            (Words{"-v", "-p", "-r", "-d", "-t", "--", "./"}));
  for (const char* const command : {"scp -f core", "scp -t -f core", "scp -ft core",
                                    "scp core host:", "scp -S /bin/sh -t x", "scp -t", "scp -t a b"})
    EXPECT_EQ(parse_ssh_command(command).kind, Request::refused) << command;
}

TEST(SshCommand, KnowsWhatKdumpToolsSend) {
  EXPECT_EQ(parse_ssh_command("mkdir -p /var/crash/202611280106").kind, Request::nothing);
  const SshRequest written = parse_ssh_command("dd of=/var/crash/202611280106/dump-incomplete");
  EXPECT_EQ(written.kind, Request::write);
  EXPECT_EQ(written.name, "var_crash_202611280106_dump-incomplete");
  EXPECT_TRUE(says_incomplete(written.name));
  const SshRequest moved = parse_ssh_command(
      "mv /var/crash/202611280106/dump-incomplete /var/crash/202611280106/dump.202611280106");
  EXPECT_EQ(moved.kind, Request::rename);
  EXPECT_EQ(moved.name, written.name);
  EXPECT_EQ(moved.to, "var_crash_202611280106_dump.202611280106");
}

TEST(SshCommand, EverythingElseIsRefused) {
  for (const char* const command : {"",
                                    "sh",
                                    "cat core",
                                    "dd if=core",
                                    "dd if=core of=x",
                                    "dd of=",
                                    "dd of=x; cat y",
                                    "dd of=$HOME/x",
                                    "dd of=x > y",
                                    "dd 'of=x'",
                                    "dd of=x\nsh",
                                    "mv a",
                                    "mv -t b a",
                                    "mkdir x",
                                    "mkdir -p a b",
                                    "rm x",
                                    "ls",
                                    "sftp-server",
                                    "bash -c internal-sftp",
                                    "mv a/ /"})
    EXPECT_EQ(parse_ssh_command(command).kind, Request::refused) << command;
  EXPECT_EQ(parse_ssh_command("dd of=" + std::string(5000, 'x')).kind, Request::refused);
}

TEST(SafeName, IsOneNameThatHidesNothing) {
  EXPECT_EQ(safe_name("core.4711"), "core.4711");
  EXPECT_EQ(safe_name("/a/../b"), "a_.._b");
  EXPECT_EQ(safe_name("../x"), "_._x");
  EXPECT_EQ(safe_name("./.hidden"), "_hidden");
  EXPECT_EQ(safe_name("a b\n\xff"), "a_b__");
  EXPECT_EQ(safe_name("///"), "");
  EXPECT_EQ(safe_name(std::string(300, 'x') + "/.core").size(), 200U);
  for (const std::string& path : {std::string(199, 'x') + "/.." + std::string(199, 'y'), std::string("..")}) {
    EXPECT_FALSE(safe_name(path).starts_with('.'));
    EXPECT_EQ(safe_name(path).find('/'), std::string::npos);
  }
}

}  // namespace
}  // namespace dumpgate
