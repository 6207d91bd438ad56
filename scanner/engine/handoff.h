// handoff_out / handoff_in: tell ThreadSanitizer what oneTBB guarantees but, being uninstrumented, does not
// show: what a filter wrote before it returned a token is visible to the filter that takes the token. Nothing
// in other builds.

#pragma once

#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
namespace dumpgate {
inline void handoff_out(void* token) { __tsan_release(token); }
inline void handoff_in(void* token) { __tsan_acquire(token); }
}  // namespace dumpgate
#else
namespace dumpgate {
inline void handoff_out(void*) {}
inline void handoff_in(void*) {}
}  // namespace dumpgate
#endif
