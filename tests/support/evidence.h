// What tests of evidence are made from: fresh keys, statements, notes of any text, logs in a directory of
// their own.

#pragma once

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/base/base64.h"
#include "scanner/evidence/evidence_log.h"
#include "scanner/evidence/signer.h"
#include "scanner/io/digest.h"
#include "tests/support/run_program.h"

namespace dumpgate {

inline std::unique_ptr<Signer> fresh_signer() {
  const TemporaryDirectory directory;
  auto signer = create_signing_key(directory.file("key"));
  EXPECT_TRUE(signer) << signer.error().message;
  return std::move(*signer);
}

// A statement that says nothing but its number; `artifact` is the digest of one that it names.
inline std::string numbered_statement(std::size_t number, const std::string& artifact = {}) {
  std::string predicate = R"({"number":)" + std::to_string(number);
  if (!artifact.empty())
    predicate += R"(,"artifacts":[{"name":"report","digest":{"sha256":")" + artifact + R"("}}])";
  return R"({"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"core.)" + std::to_string(number) +
         R"(","digest":{"sha256":"00"}}],"predicateType":"urn:x-dumpgate:test:v1","predicate":)" + predicate +
         "}}";
}

// A note of any text, signed by hand as signed-note says.
inline std::string sign_note(const std::string& text, const std::string& name, Signer& signer) {
  const auto octets = [](std::string_view bytes) { return std::as_bytes(std::span(bytes)); };
  Sha256 id;
  id.update(octets(name));
  id.update(octets(std::string_view("\n\x01", 2)));
  id.update(signer.public_key());
  const auto digest = id.finish();
  std::vector<std::byte> line(digest.begin(), digest.begin() + 4);
  const auto signature = signer.sign(octets(text));
  EXPECT_TRUE(signature);
  line.insert(line.end(), signature->begin(), signature->end());
  return text + "\n\u2014 " + name + " " + to_base64(line) + "\n";
}

// A new log named gate.example.org/test in a directory of its own.
class TestLog {
 public:
  TestLog() : log_(make()) {}

  EvidenceLog& log() { return log_; }
  Signer& signer() { return *signer_; }
  std::string directory() const { return home_.file("log"); }
  std::string file(std::string_view name) const { return home_.file("log/" + std::string(name)); }

  // Appends statements until the log has so many.
  void grow_to(std::size_t size) {
    for (; size_ < size; ++size_) {
      const auto place = log_.append(numbered_statement(size_));
      ASSERT_TRUE(place) << place.error().message;
      ASSERT_EQ(place->index, size_);
    }
  }

 private:
  EvidenceLog make() {
    auto log = EvidenceLog::create(home_.file("log"), "gate.example.org/test", *signer_);
    EXPECT_TRUE(log) << log.error().message;
    return std::move(*log);
  }

  TemporaryDirectory home_{};
  std::unique_ptr<Signer> signer_ = fresh_signer();
  EvidenceLog log_;
  std::size_t size_ = 0;
};

}  // namespace dumpgate
