// What of an open file tells whether somebody wrote to it meanwhile. The one rule: compare states of the same
// open file, never of a name.

#pragma once

#include <sys/stat.h>

namespace dumpgate {

inline bool same_time(const timespec& a, const timespec& b) {
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

// Size and modification time. A file of ours changes its change time when it gets a name, so that this is for
// those who do not give it one.
inline bool same_content(const struct stat& a, const struct stat& b) {
  return a.st_size == b.st_size && same_time(a.st_mtim, b.st_mtim);
}

// The change time too, which nobody can set back.
inline bool untouched(const struct stat& a, const struct stat& b) {
  return same_content(a, b) && same_time(a.st_ctim, b.st_ctim);
}

}  // namespace dumpgate
