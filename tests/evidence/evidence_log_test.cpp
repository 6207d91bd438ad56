// The log on disk: what is appended can be read, proven and verified; what was changed is noticed.

#include "scanner/evidence/evidence_log.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <filesystem>

#include "scanner/base/hex.h"
#include "scanner/evidence/dsse.h"
#include "scanner/evidence/log_audit.h"
#include "scanner/evidence/log_tiles.h"
#include "tests/support/evidence.h"

namespace dumpgate {
namespace {

namespace fs = std::filesystem;

Result<LogAudit> audit(const TestLog& test) {
  const auto reader = LogReader::open(test.directory());
  if (!reader) return reader.error();
  return audit_log(*reader);
}

std::span<const std::byte> octets(std::string_view text) { return std::as_bytes(std::span(text)); }

TEST(LogTiles, PathsAreThoseOfTheSpecification) {
  EXPECT_EQ(tile_path(0, 1234067, 256), "tile/0/x001/x234/067");
  EXPECT_EQ(tile_path(1, 0, 17), "tile/1/000.p/17");
  EXPECT_EQ(bundle_path(1000, 256), "tile/entries/x001/000");
  EXPECT_EQ(bundle_path(273, 112), "tile/entries/273.p/112");
}

// The specification's example of 70,000 leaves, and the sizes around a full tile.
TEST(LogTiles, WidthsAreThoseOfTheSpecification) {
  EXPECT_EQ(width_of_tile(70'000, 0, 272), 256U);
  EXPECT_EQ(width_of_tile(70'000, 0, 273), 112U);
  EXPECT_EQ(width_of_tile(70'000, 0, 274), 0U);
  EXPECT_EQ(width_of_tile(70'000, 1, 0), 256U);
  EXPECT_EQ(width_of_tile(70'000, 1, 1), 17U);
  EXPECT_EQ(width_of_tile(70'000, 2, 0), 1U);
  EXPECT_EQ(levels_of_tiles(70'000), 3U);
  EXPECT_EQ(levels_of_tiles(256), 2U);
  EXPECT_EQ(levels_of_tiles(255), 1U);
  EXPECT_EQ(levels_of_tiles(0), 0U);
  EXPECT_EQ(width_of_tile(0, 0, 0), 0U);
  EXPECT_EQ(width_of_tile(~std::uint64_t{0}, 0, ~std::uint64_t{0}), 0U);
  EXPECT_EQ(width_of_tile(~std::uint64_t{0}, 7, 0), 255U);
}

TEST(LogTiles, BundlesAreTakenApartOrRefused) {
  std::string bundle;
  append_to_bundle(bundle, "one");
  append_to_bundle(bundle, "");
  append_to_bundle(bundle, std::string(65'535, 'x'));
  const auto entries = split_bundle(bundle, 3);
  ASSERT_TRUE(entries);
  EXPECT_EQ((*entries)[0], "one");
  EXPECT_EQ((*entries)[1], "");
  EXPECT_EQ((*entries)[2].size(), 65'535U);
  EXPECT_FALSE(split_bundle(bundle, 2));
  EXPECT_FALSE(split_bundle(bundle, 4));
  EXPECT_FALSE(split_bundle(bundle + "x", 3));
  EXPECT_FALSE(split_bundle(bundle.substr(0, bundle.size() - 1), 3));
  EXPECT_FALSE(split_bundle(bundle.substr(1), 3));
  EXPECT_TRUE(split_bundle("", 0));
}

TEST(EvidenceLog, BeginsEmptyAndSigned) {
  TestLog test;
  const auto reader = LogReader::open(test.directory());
  ASSERT_TRUE(reader) << reader.error().message;
  EXPECT_EQ(reader->checkpoint().size, 0U);
  EXPECT_EQ(to_hex(reader->checkpoint().root),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  ASSERT_TRUE(audit(test));
  EXPECT_FALSE(reader->entry(0));
  EXPECT_FALSE(EvidenceLog::create(test.directory(), "gate.example.org/test", test.signer()));
  const TemporaryDirectory home;
  EXPECT_FALSE(EvidenceLog::create(home.file("log"), "with space", test.signer()));
  const auto other = fresh_signer();
  const auto wrong = EvidenceLog::open(test.directory(), *other);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, ErrorCode::usage);
}

// Every size around the edges of tiles: entries, inclusion in the newest tree, consistency with every old
// one.
TEST(EvidenceLog, WhatWasAppendedIsProvenAtEverySize) {
  TestLog test;
  std::vector<std::string> notes{test.log().reader()->note()};
  std::vector<TreeHash> leaves;
  for (std::size_t size = 1; size <= 260; ++size) {
    const auto place = test.log().append(numbered_statement(size - 1));
    ASSERT_TRUE(place) << place.error().message;
    EXPECT_EQ(place->index, size - 1);
    leaves.push_back(place->hash);
    notes.push_back(place->checkpoint);
    const auto reader = test.log().reader();
    ASSERT_TRUE(reader);
    EXPECT_EQ(reader->note(), place->checkpoint);
    const auto proof = reader->proof(size - 1);
    ASSERT_TRUE(proof);
    EXPECT_TRUE(verify_tlog_proof(*proof, place->hash, test.log().verifier()));
    if (size > 250 || size % 50 == 0) {
      ASSERT_TRUE(audit(test)) << size;
    }
  }
  const auto reader = test.log().reader();
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    ASSERT_EQ(leaf_hash(octets(*reader->entry(i))), leaves[i]);
    const auto parsed = parse_tlog_proof(reader->proof(i)->text());
    ASSERT_TRUE(parsed);
    ASSERT_TRUE(verify_tlog_proof(*parsed, leaves[i], test.log().verifier()));
    ASSERT_FALSE(verify_tlog_proof(*parsed, leaves[(i + 1) % leaves.size()], test.log().verifier()));
  }
  for (const std::string& note : notes) ASSERT_TRUE(reader->extends(note));
}

TEST(EvidenceLog, EntriesAreEnvelopesOfTheLog) {
  TestLog test;
  test.grow_to(3);
  const std::array<Ed25519PublicKey, 1> own{test.signer().public_key()};
  std::size_t seen = 0;
  const auto read = test.log().reader()->entries(1, 3, [&](std::uint64_t index, std::string_view entry) {
    const auto opened = open_envelope(entry, own);
    EXPECT_TRUE(opened);
    EXPECT_EQ(opened->payload, numbered_statement(index));
    ++seen;
    return Result<void>();
  });
  EXPECT_TRUE(read);
  EXPECT_EQ(seen, 2U);
  EXPECT_FALSE(test.log().reader()->entries(1, 4, [](auto, auto) { return Result<void>(); }));
}

TEST(EvidenceLog, TakesEnvelopesOfOthersAndAddsItsOwnSignature) {
  TestLog test;
  const auto first = fresh_signer();
  const auto second = fresh_signer();
  const std::array people{first.get(), second.get()};
  const std::string waiver = *seal_envelope(numbered_statement(0), people);
  ASSERT_TRUE(test.log().append_envelope(waiver));
  const std::vector keys{first->public_key(), second->public_key(), test.signer().public_key()};
  const auto opened = open_envelope(*test.log().reader()->entry(0), keys);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->signed_by.size(), 3U);
  EXPECT_TRUE(audit(test));
  // Sealed by the log already: it stays as it is.
  const std::array own{&test.signer()};
  const std::string sealed = *seal_envelope(numbered_statement(1), own);
  ASSERT_TRUE(test.log().append_envelope(sealed));
  EXPECT_EQ(*test.log().reader()->entry(1), sealed);
  EXPECT_FALSE(test.log().append_envelope("{}"));
  EXPECT_FALSE(test.log().append_envelope(*seal_envelope("no statement", people)));
  EXPECT_EQ(test.log().reader()->checkpoint().size, 2U);
}

TEST(EvidenceLog, RefusesWhatIsNoStatement) {
  TestLog test;
  for (const std::string& bad :
       {std::string(), std::string("{}"), std::string("[]"), numbered_statement(0) + "x",
        numbered_statement(0) + "\n",
        std::string(R"({"_type":"https://in-toto.io/Statement/v0.1","subject":[{}],"predicateType":"a"})"),
        std::string(R"({"_type":"https://in-toto.io/Statement/v1","subject":[],"predicateType":"a"})"),
        std::string(R"({"_type":"https://in-toto.io/Statement/v1","subject":[{}]})")})
    EXPECT_FALSE(test.log().append(bad)) << bad;
  std::string large = numbered_statement(0);
  large.insert(large.size() - 1, R"(,"x":")" + std::string(50'000, 'x') + "\"");
  const auto refused = test.log().append(large);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::limit);
  EXPECT_EQ(test.log().reader()->checkpoint().size, 0U);
}

TEST(EvidenceLog, KeepsArtifactsByTheirDigest) {
  TestLog test;
  const auto digest = test.log().store(octets("a report"));
  ASSERT_TRUE(digest);
  EXPECT_EQ(*digest, to_hex(Sha256::of(octets("a report"))));
  ASSERT_TRUE(test.log().store(octets("a report")));
  const auto reader = test.log().reader();
  const auto artifact = reader->artifact(*digest);
  ASSERT_TRUE(artifact && *artifact);
  EXPECT_TRUE(std::ranges::equal(**artifact, octets("a report")));
  EXPECT_EQ(*reader->artifact(std::string(64, '0')), std::nullopt);
  EXPECT_FALSE(reader->artifact("../../etc/passwd"));
  ASSERT_TRUE(test.log().append(numbered_statement(0, *digest)));
  const auto good = audit(test);
  ASSERT_TRUE(good);
  EXPECT_EQ(good->artifacts, 1U);

  const std::string path = test.file(artifact_path(*digest));
  fs::permissions(path, fs::perms::owner_write, fs::perm_options::add);
  std::ofstream(path) << "another report";
  EXPECT_FALSE(audit(test));
  EXPECT_FALSE(reader->artifact(*digest));
  ASSERT_TRUE(test.log().store(octets("a report")));  // heals it
  EXPECT_TRUE(audit(test));
  fs::remove(path);
  EXPECT_FALSE(audit(test));
}

TEST(EvidenceLog, FilesAreForThoseWhoMayReadThem) {
  const mode_t before = ::umask(0022);
  TestLog test;
  test.grow_to(1);
  const std::string digest = *test.log().store(octets("a report"));
  (void)::umask(before);
  const auto mode_of = [&](const std::string& name) {
    struct stat status{};
    EXPECT_EQ(::stat(test.file(name).c_str(), &status), 0) << name;
    return status.st_mode & 07777U;
  };
  EXPECT_EQ(mode_of("checkpoint"), 0644U);
  EXPECT_EQ(mode_of("log.vkey"), 0644U);
  EXPECT_EQ(mode_of("tile/0/000.p/1"), 0644U);
  EXPECT_EQ(mode_of(artifact_path(digest)), 0640U);
  // A lock of it would keep the gate waiting for ever.
  EXPECT_EQ(mode_of("lock"), 0600U);
  // One that an earlier version made.
  ASSERT_EQ(::chmod(test.file("lock").c_str(), 0640), 0);
  test.grow_to(2);
  EXPECT_EQ(mode_of("lock"), 0600U);
}

TEST(EvidenceLog, PartialTilesGoWhenTheTileIsFull) {
  TestLog test;
  test.grow_to(255);
  EXPECT_TRUE(fs::exists(test.file("tile/0/000.p/1")));
  EXPECT_TRUE(fs::exists(test.file("tile/entries/000.p/255")));
  const auto before = test.log().reader();
  test.grow_to(256);
  EXPECT_FALSE(fs::exists(test.file("tile/0/000.p")));
  EXPECT_FALSE(fs::exists(test.file("tile/entries/000.p")));
  EXPECT_EQ(fs::file_size(test.file("tile/0/000")), 8192U);
  EXPECT_EQ(fs::file_size(test.file("tile/1/000.p/1")), 32U);
  // Who opened the log before goes on reading it as it was.
  EXPECT_TRUE(before->entry(254));
  EXPECT_TRUE(before->proof(3));
  EXPECT_TRUE(before->verify_all([](auto, auto) { return Result<void>(); }));
}

TEST(EvidenceLog, SignsThePresentTreeAgain) {
  TestLog test;
  test.grow_to(2);
  const std::string note = test.log().reader()->note();
  const auto again = test.log().sign_now();
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, note);  // Ed25519 signs the same text alike
}

TEST(EvidenceLog, SeveralProcessesAppend) {
  TestLog test;
  constexpr int children = 4;
  constexpr int each = 20;
  std::vector<pid_t> pids;
  for (int child = 0; child < children; ++child) {
    const pid_t pid = ::fork();
    ASSERT_GE(pid, 0);
    if (pid == 0) {
      bool good = true;
      for (int i = 0; i < each; ++i)
        good = good && test.log().append(numbered_statement(static_cast<std::size_t>(100) *
                                                                static_cast<std::size_t>(child) +
                                                            static_cast<std::size_t>(i)));
      ::_exit(good ? 0 : 1);
    }
    pids.push_back(pid);
  }
  for (const pid_t pid : pids) {
    int status = 0;
    ASSERT_EQ(::waitpid(pid, &status, 0), pid);
    EXPECT_EQ(status, 0);
  }
  const auto audited = audit(test);
  ASSERT_TRUE(audited) << audited.error().message;
  EXPECT_EQ(audited->leaves, static_cast<std::uint64_t>(children * each));
}

}  // namespace
}  // namespace dumpgate
