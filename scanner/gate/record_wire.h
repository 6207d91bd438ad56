// Record wire: what an examining process answers, as bytes on a pipe. The one rule: the reader trusts
// nothing: every count is bounded by the bytes that are there, every word is one we know or printable text,
// every extent fits 64 bits, and an answer that breaks one of these rules is no answer.
//
// One format in one place: writer and reader go through the same list of fields. It is spoken between two
// processes of one program and never kept.

#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "scanner/base/result.h"
#include "scanner/verdict/scan_record.h"

namespace dumpgate {

inline constexpr std::size_t most_answer_bytes = std::size_t{256} << 20;

struct WorkerAnswer {
  ScanRecord record{};
  std::vector<std::byte> retro_filter{};  // evidence/retro_filter.h; empty when none was asked for
  std::vector<std::string> sandbox{};     // mechanisms in force, as confine() names them
  std::vector<std::string> problems{};    // what went wrong in the worker itself; printable
};

// ErrorCode::limit when the answer would be longer than most_answer_bytes.
Result<std::vector<std::byte>> write_answer(const WorkerAnswer& answer);

// Takes hostile bytes. ErrorCode::corrupt when they are not exactly one answer.
Result<WorkerAnswer> read_answer(std::span<const std::byte> bytes);

}  // namespace dumpgate
