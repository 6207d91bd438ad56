// ContentJudge: a Judge whose verdict is in the dump: KEY blocks, GAP holds, anything else is released. It
// keeps what it saw and what it would have logged, in order.

#pragma once

#include <unistd.h>

#include <array>
#include <functional>
#include <new>
#include <string>
#include <vector>

#include "scanner/gate/judge.h"

namespace dumpgate {

class ContentJudge final : public Judge {
 public:
  GateVerdict examine(int descriptor, const DumpSource& source) override {
    if (out_of_memory) throw std::bad_alloc();
    std::string content;
    std::array<char, 4096> buffer{};
    for (ssize_t count = 1; count > 0;) {
      count = ::pread(descriptor, buffer.data(), buffer.size(), static_cast<off_t>(content.size()));
      if (count > 0) content.append(buffer.data(), static_cast<std::size_t>(count));
    }
    if (meanwhile) meanwhile();
    seen.push_back(content);
    sources.push_back(source);
    GateVerdict verdict{.scan_id = "SCAN" + std::to_string(seen.size()), .size = content.size()};
    verdict.dump_sha256 = std::string(64, 'a');
    verdict.decision = content.find("KEY") != std::string::npos   ? Decision::block
                       : content.find("GAP") != std::string::npos ? Decision::hold
                                                                  : Decision::release;
    log.push_back("verdict " + std::string(to_string(verdict.decision)));
    if (verdict_is_logged) verdict.leaf = LeafPlace{.index = log.size()};
    return verdict;
  }

  Result<LeafPlace> intend_release(const GateVerdict&, const std::string& name, const std::string&) override {
    if (!intent_is_logged) return Error{.code = ErrorCode::io, .message = "the log is full"};
    log.push_back("intent " + name);
    return LeafPlace{.index = log.size()};
  }

  Result<LeafPlace> end_release(const GateVerdict&, const LeafPlace&, ReleaseStage stage,
                                const std::string& name, const std::string&, const std::string&) override {
    log.push_back((stage == ReleaseStage::complete ? "complete " : "aborted ") + name);
    return LeafPlace{.index = log.size()};
  }

  std::function<void()> meanwhile{};  // runs after the dump was read
  bool verdict_is_logged = true;
  bool intent_is_logged = true;
  bool out_of_memory = false;
  std::vector<std::string> seen{};  // contents
  std::vector<DumpSource> sources{};
  std::vector<std::string> log{};
};

}  // namespace dumpgate
