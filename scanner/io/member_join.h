// MemberJoin: the content of all members of one codec that follow each other, as one stream; zero bytes
// between them (tape and block padding) are taken for padding. The one rule: it ends early rather than fails,
// and then failure() has the reason and the outer stream stands where examination as raw bytes must begin.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "scanner/base/result.h"
#include "scanner/io/aside.h"
#include "scanner/io/codec.h"
#include "scanner/io/peek_stream.h"

namespace dumpgate {

// WorkBudget bounds the decoded bytes of all layers of one input together.
class WorkBudget {
 public:
  // `input_size` nothing: a pipe, whose size is what was consumed of it so far, as grow() says.
  WorkBudget(const Limits& limits, std::optional<std::uint64_t> input_size);
  void grow(std::uint64_t consumed);  // of the pipe, in all

  std::uint64_t limit() const { return limit_; }
  std::uint64_t left() const { return limit_ - used_; }
  void spend(std::uint64_t count) { used_ += count; }

 private:
  bool follows_input_;
  std::uint64_t used_ = 0;
  std::uint64_t limit_;
};

class MemberJoin final : public ByteStream {
 public:
  // The references outlive the stream.
  MemberJoin(PeekStream& outer, const Codec& codec, const Limits& limits, WorkBudget& budget,
             Aside::Storage storage = Aside::Storage::kept);
  ~MemberJoin() override;

  Result<std::size_t> read(std::span<std::byte> out) override;

  struct Failure {
    Error error{};
    std::uint64_t member = 0;      // counted from 1
    std::uint64_t encoded_at = 0;  // offset in the outer layer of the failed member's first byte
  };
  const std::optional<Failure>& failure() const { return failure_; }
  // What the members carried beside their content; to be taken at the end.
  Aside take_aside() { return std::move(aside_); }
  std::uint64_t members() const { return members_; }      // that ended well
  std::uint64_t bytes_out() const { return bytes_out_; }  // delivered so far

 private:
  class Recorder;

  bool open_member();
  bool next_member();
  Result<std::size_t> decode(std::span<std::byte> out);
  void fail(const Error& error);

  PeekStream& outer_;
  const Codec& codec_;
  Limits limits_;
  WorkBudget& budget_;
  Aside aside_;
  std::unique_ptr<Recorder> recorder_;
  std::unique_ptr<Decoder> decoder_{};
  bool ended_ = false;
  std::uint64_t member_at_ = 0;
  std::uint64_t members_ = 0;
  std::uint64_t bytes_out_ = 0;
  std::optional<Failure> failure_{};
};

}  // namespace dumpgate
