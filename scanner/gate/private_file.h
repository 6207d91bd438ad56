// PrivateFile: bytes on their way into the gate, in a file that has no name. The one rule: until it is given
// a name, nothing but this process can reach what it holds, and when the process ends, however it ends, the
// bytes are gone.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "scanner/base/descriptor.h"
#include "scanner/base/result.h"

namespace dumpgate {

class PrivateFile {
 public:
  // In the file system of `directory` (open(2), O_TMPFILE), mode 0600, open for reading and writing.
  // ErrorCode::io when that cannot be.
  static Result<PrivateFile> create(const std::string& directory, std::uint64_t most_bytes);

  // Appends. ErrorCode::limit when there would be more than most_bytes, ErrorCode::io when the disk is full
  // or fails; from then on the file is not whole, and every further call fails.
  Result<void> append(std::span<const std::byte> bytes);

  // Gives the file a name in an open directory, never that of another: when it is taken, the name with a
  // random ending. Returns the name. Neither file nor name is durable by this alone.
  Result<std::string> give_name(int directory, const std::string& name) const;

  int descriptor() const { return file_.get(); }
  std::uint64_t size() const { return size_; }
  bool whole() const { return whole_; }

 private:
  PrivateFile(Descriptor file, std::uint64_t most_bytes) : file_(std::move(file)), most_bytes_(most_bytes) {}

  Descriptor file_;
  std::uint64_t most_bytes_;
  std::uint64_t size_ = 0;
  bool whole_ = true;
};

// The same for any file without a name, or for one that is given by other means: `give` gives the name that
// it is told and returns an errno value.
Result<std::string> first_free_name(const std::string& name,
                                    const std::function<int(const std::string&)>& give);

// Gives a file without a name this one. Returns an errno value, EEXIST when it is taken.
int link_file(int file, int directory, const std::string& name);

}  // namespace dumpgate
