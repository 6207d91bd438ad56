#include "scanner/dump/minidump_streams.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "scanner/base/hex.h"

namespace dumpgate {
namespace {

struct StreamName {
  std::uint32_t type = 0;
  std::string_view name{};
};

constexpr std::array stream_names{
    StreamName{3, "ThreadListStream"},
    StreamName{4, "ModuleListStream"},
    StreamName{5, "MemoryListStream"},
    StreamName{6, "ExceptionStream"},
    StreamName{7, "SystemInfoStream"},
    StreamName{8, "ThreadExListStream"},
    StreamName{9, "Memory64ListStream"},
    StreamName{10, "CommentStreamA"},
    StreamName{11, "CommentStreamW"},
    StreamName{12, "HandleDataStream"},
    StreamName{13, "FunctionTableStream"},
    StreamName{14, "UnloadedModuleListStream"},
    StreamName{15, "MiscInfoStream"},
    StreamName{16, "MemoryInfoListStream"},
    StreamName{17, "ThreadInfoListStream"},
    StreamName{18, "HandleOperationListStream"},
    StreamName{19, "TokenStream"},
    StreamName{20, "JavaScriptDataStream"},
    StreamName{21, "SystemMemoryInfoStream"},
    StreamName{22, "ProcessVmCountersStream"},
    StreamName{23, "IptTraceStream"},
    StreamName{24, "ThreadNamesStream"},
    StreamName{0x43500001, "CrashpadInfoStream"},
    StreamName{0x47670001, "BreakpadInfoStream"},
    StreamName{0x47670002, "AssertionInfoStream"},
    StreamName{0x47670003, "LinuxCpuInfoStream"},
    StreamName{0x47670004, "LinuxProcStatusStream"},
    StreamName{0x47670005, "LinuxLsbReleaseStream"},
    StreamName{0x47670006, "LinuxCmdLineStream"},
    StreamName{0x47670007, "LinuxEnvironStream"},
    StreamName{0x47670008, "LinuxAuxvStream"},
    StreamName{0x47670009, "LinuxMapsStream"},
    StreamName{0x4767000a, "LinuxDsoDebugStream"},
    StreamName{0x4b6b0002, "StabilityReportStream"},
    StreamName{0x4d7a0001, "MozMacosCrashInfoStream"},
    StreamName{0x4d7a0002, "MozMacosBootArgsStream"},
    StreamName{0x4d7a0003, "MozLinuxLimitsStream"},
    StreamName{0x4d7a0004, "MozSoftErrorsStream"},
};

}  // namespace

std::string minidump_stream_name(std::uint32_t type) {
  const auto known = std::ranges::find(stream_names, type, &StreamName::type);
  return known == stream_names.end() ? "stream " + hex_address(type) : std::string(known->name);
}

}  // namespace dumpgate
