// Files that outlive a crash: read whole within a limit, written whole and durably or not at all. The one
// rule: when a write returns a value, the bytes and the name are on the disk; when it returns an Error or the
// process dies, the name means what it meant before, or the new content, never a part of it.

#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "scanner/base/result.h"
#include "scanner/base/secret_bytes.h"

namespace dumpgate {

// A regular file's bytes. Errors: io (not there, not readable, not a regular file); limit (longer than
// `most`).
Result<std::vector<std::byte>> read_file(const std::string& path, std::size_t most);

// Whether there is anything by this name, a dangling link too.
bool path_exists(const std::string& path);

// The same for a file with a secret, which only its owner may read or write: anything else is
// ErrorCode::usage.
Result<SecretBytes> read_secret_file(const std::string& path, std::size_t most);

// The name under which a file is written before it gets its own: .<name>.tmp beside it. What a killed process
// leaves there is nobody's.
std::string hidden_name(const std::string& path);

// Replaces or creates the file: written under its hidden name, then renamed. One writer
// of a name at a time. `mode` is subject to the umask, here and for directories.
Result<void> replace_file(const std::string& path, std::span<const std::byte> bytes, mode_t mode);

// A new file, written under the name `aside` in the same directory, then renamed. False when the name is
// taken: whatever has it is left alone. One writer of `aside` at a time.
Result<bool> create_file(const std::string& path, const std::string& aside, std::span<const std::byte> bytes,
                         mode_t mode);

// A new file of mode 0600, whole or not there at all; one that is there already is ErrorCode::usage and is
// left alone.
Result<void> create_secret_file(const std::string& path, std::span<const std::byte> bytes);

// The directory and what is missing above it.
Result<void> make_directories(const std::string& path, mode_t mode);

// The names in a directory become durable.
Result<void> sync_directory(const std::string& path);

// The directory that holds the name: "." when the path has none.
std::string directory_of(const std::string& path);
// "<directory>/<name>".
std::string below(const std::string& directory, std::string_view name);

}  // namespace dumpgate
