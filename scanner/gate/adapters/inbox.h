// Inbox: the side of the gate's input directory that senders write to. The one rule: a file gets a visible
// name only when it is whole, durable and its own: a regular file with one link; and never the name of
// another.

#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "scanner/base/descriptor.h"
#include "scanner/base/result.h"

namespace dumpgate {

class Inbox {
 public:
  // ErrorCode::usage when the directory cannot be opened.
  static Result<Inbox> open(const std::string& directory);

  // A fresh hidden directory below, for one session, which is removed with this object; those that ended
  // sessions left behind are removed first.
  Result<std::string> session_directory();

  // Gives every complete file below the session's directory a visible name: its path below it, made safe.
  // Left out, with a reason each: files named in `unfinished` (paths as the sender's program logged them) or
  // that call themselves incomplete, hidden ones, and whatever is no regular file with one link.
  struct Delivery {
    std::vector<std::string> names{};     // in the inbox
    std::vector<std::string> left_out{};  // for the sender, printable
  };
  Delivery deliver(const std::vector<std::string>& unfinished) const;

  // Gives a file without a name (private_file.h) a visible one, durable on return: `name` or, when that is
  // taken, `name` with a random ending. Returns the name.
  Result<std::string> publish(int file, const std::string& name) const;

  // Keeps a file without a name hidden until promote says that its sender calls it complete. An earlier one
  // of that name is replaced.
  Result<void> keep_hidden(int file, const std::string& name) const;
  // Makes the hidden `name` visible as `as`. ErrorCode::usage when there is none.
  Result<std::string> promote(const std::string& name, const std::string& as) const;

  ~Inbox();
  Inbox(Inbox&&) = default;
  Inbox& operator=(Inbox&&) = delete;
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;

 private:
  Inbox(Descriptor directory, std::string path) : directory_(std::move(directory)), path_(std::move(path)) {}
  void remove_left_behind() const;
  Result<std::string> move_in(const std::string& from, const std::string& name) const;

  Descriptor directory_;
  std::string path_;
  std::string session_{};  // path
  Descriptor session_lock_{};
};

}  // namespace dumpgate
