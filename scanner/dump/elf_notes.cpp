#include "scanner/dump/elf_notes.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "scanner/base/byte_cursor.h"
#include "scanner/base/hex.h"

namespace dumpgate {
namespace {

struct NoteName {
  std::string_view owner{};
  std::uint32_t type = 0;
  std::string_view name{};
};

// Linux include/uapi/linux/elf.h, FreeBSD sys/elf_common.h, NetBSD sys/exec_elf.h, OpenBSD sys/exec_elf.h.
constexpr std::array note_names{
    NoteName{"CORE", 1, "NT_PRSTATUS"},
    NoteName{"CORE", 2, "NT_FPREGSET"},
    NoteName{"CORE", 3, "NT_PRPSINFO"},
    NoteName{"CORE", 4, "NT_TASKSTRUCT"},
    NoteName{"CORE", 6, "NT_AUXV"},
    NoteName{"CORE", 0x53494749, "NT_SIGINFO"},
    NoteName{"CORE", 0x46494c45, "NT_FILE"},
    NoteName{"LINUX", 0x46e62b7f, "NT_PRXFPREG"},
    NoteName{"LINUX", 0x100, "NT_PPC_VMX"},
    NoteName{"LINUX", 0x102, "NT_PPC_VSX"},
    NoteName{"LINUX", 0x200, "NT_386_TLS"},
    NoteName{"LINUX", 0x202, "NT_X86_XSTATE"},
    NoteName{"LINUX", 0x204, "NT_X86_SHSTK"},
    NoteName{"LINUX", 0x205, "NT_X86_XSAVE_LAYOUT"},
    NoteName{"LINUX", 0x300, "NT_S390_HIGH_GPRS"},
    NoteName{"LINUX", 0x306, "NT_S390_LAST_BREAK"},
    NoteName{"LINUX", 0x307, "NT_S390_SYSTEM_CALL"},
    NoteName{"LINUX", 0x309, "NT_S390_VXRS_LOW"},
    NoteName{"LINUX", 0x30a, "NT_S390_VXRS_HIGH"},
    NoteName{"LINUX", 0x400, "NT_ARM_VFP"},
    NoteName{"LINUX", 0x401, "NT_ARM_TLS"},
    NoteName{"LINUX", 0x402, "NT_ARM_HW_BREAK"},
    NoteName{"LINUX", 0x403, "NT_ARM_HW_WATCH"},
    NoteName{"LINUX", 0x404, "NT_ARM_SYSTEM_CALL"},
    NoteName{"LINUX", 0x405, "NT_ARM_SVE"},
    NoteName{"LINUX", 0x406, "NT_ARM_PAC_MASK"},
    NoteName{"LINUX", 0x409, "NT_ARM_TAGGED_ADDR_CTRL"},
    NoteName{"FreeBSD", 1, "NT_PRSTATUS"},
    NoteName{"FreeBSD", 2, "NT_FPREGSET"},
    NoteName{"FreeBSD", 3, "NT_PRPSINFO"},
    NoteName{"FreeBSD", 7, "NT_THRMISC"},
    NoteName{"FreeBSD", 8, "NT_PROCSTAT_PROC"},
    NoteName{"FreeBSD", 9, "NT_PROCSTAT_FILES"},
    NoteName{"FreeBSD", 10, "NT_PROCSTAT_VMMAP"},
    NoteName{"FreeBSD", 11, "NT_PROCSTAT_GROUPS"},
    NoteName{"FreeBSD", 12, "NT_PROCSTAT_UMASK"},
    NoteName{"FreeBSD", 13, "NT_PROCSTAT_RLIMIT"},
    NoteName{"FreeBSD", 14, "NT_PROCSTAT_OSREL"},
    NoteName{"FreeBSD", 15, "NT_PROCSTAT_PSSTRINGS"},
    NoteName{"FreeBSD", 16, "NT_PROCSTAT_AUXV"},
    NoteName{"FreeBSD", 17, "NT_PTLWPINFO"},
    NoteName{"FreeBSD", 0x200, "NT_X86_SEGBASES"},
    NoteName{"FreeBSD", 0x202, "NT_X86_XSTATE"},
    NoteName{"NetBSD-CORE", 1, "NT_NETBSDCORE_PROCINFO"},
    NoteName{"NetBSD-CORE", 2, "NT_NETBSDCORE_AUXV"},
    NoteName{"NetBSD-CORE", 24, "NT_NETBSDCORE_LWPSTATUS"},
    NoteName{"OpenBSD", 10, "NT_OPENBSD_PROCINFO"},
    NoteName{"OpenBSD", 11, "NT_OPENBSD_AUXV"},
    NoteName{"OpenBSD", 20, "NT_OPENBSD_REGS"},
    NoteName{"OpenBSD", 21, "NT_OPENBSD_FPREGS"},
    NoteName{"OpenBSD", 22, "NT_OPENBSD_XFPREGS"},
    NoteName{"OpenBSD", 23, "NT_OPENBSD_WCOOKIE"},
};
// The owners that are shown: in a damaged or lying dump any bytes may stand there, a key's too.
constexpr std::array<std::string_view, 17> note_owners{
    "CORE", "LINUX", "FreeBSD", "NetBSD-CORE", "NetBSD", "OpenBSD", "GDB", "QEMU",   "VMCOREINFO",
    "XEN",  "Xen",   "VBCORE",  "VBCPU",       "GNU",    "stapsdt", "Go",  "Android"};
constexpr std::uint64_t align_up(std::uint64_t value, std::uint64_t alignment) {
  return (value + alignment - 1) / alignment * alignment;
}

}  // namespace

std::string ElfNote::name() const {
  for (const NoteName& known : note_names)
    if (known.owner == owner && known.type == type) return std::string(known.name);
  if (std::ranges::find(note_owners, owner) != note_owners.end()) return owner + " " + hex_address(type);
  return "note of another owner, type " + hex_address(type);
}

bool ElfNote::marks_machine() const {
  return owner == "QEMU" || owner == "VBCORE" || owner.starts_with("VMCOREINFO");
}

std::optional<ElfNote> ElfNotes::next() {
  constexpr std::size_t header_size = 12;
  constexpr std::uint64_t owner_limit = 64;
  damaged_ = false;
  const std::uint64_t left = segment_.bytes.size() - std::min(at_, segment_.bytes.size());
  if (left == 0) return std::nullopt;
  const std::uint64_t begin = position();
  const auto head =
      build_.record(begin, static_cast<std::size_t>(std::min<std::uint64_t>(left, header_size)), "notes");
  if (!head) return std::nullopt;
  ByteCursor cursor = head->cursor();
  const auto owner_size = cursor.u32();
  const auto content_size = cursor.u32();
  const auto type = cursor.u32();
  // Writers fill up with zeros.
  if (owner_size.value_or(0) == 0 && content_size.value_or(0) == 0 && type.value_or(0) == 0)
    return std::nullopt;
  if (!type) {
    damaged_ = true;
    return std::nullopt;
  }
  const std::uint64_t content_at = align_up(header_size + *owner_size, segment_.alignment);
  const std::uint64_t size = content_at + *content_size;
  if (size > left) {
    damaged_ = true;
    return std::nullopt;
  }
  ElfNote note;
  note.type = *type;
  note.whole = *Extent::make(begin, size);
  note.content = *Extent::make(begin + content_at, *content_size);
  const auto owner =
      build_.bytes(begin + header_size,
                   static_cast<std::size_t>(std::min<std::uint64_t>(*owner_size, owner_limit)), "notes");
  if (!owner) return std::nullopt;
  for (const std::byte byte : *owner) {
    if (byte == std::byte{0}) break;
    note.owner.push_back(static_cast<char>(byte));
  }
  at_ += align_up(size, segment_.alignment);
  return note;
}

}  // namespace dumpgate
