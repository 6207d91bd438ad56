// Names of the streams of a minidump: Microsoft minidumpapiset.h, Breakpad, Crashpad, Mozilla. The one rule:
// a name only labels; what a stream holds is examined whether it has one or not.

#pragma once

#include <cstdint>
#include <string>

namespace dumpgate {

// "ThreadListStream"; "stream 0x4d7a00ff" for a type that nobody named.
std::string minidump_stream_name(std::uint32_t type);

}  // namespace dumpgate
