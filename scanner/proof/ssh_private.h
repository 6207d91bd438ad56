// The numbers of a private key in SSH's encoding (OpenSSH, PROTOCOL.key), as openssh-key-v1 and shielded keys
// hold them. For .cpp files of proof only (see relations.h).

#pragma once

#include <string_view>

#include "scanner/proof/relations.h"
#include "scanner/proof/ssh_reader.h"

namespace dumpgate {

// What relates the numbers that follow the type's name; `reader` stands behind the last of them afterwards.
// Nothing is proven of types that are not known, and of hardware tokens' handles.
Outcome relate_ssh_private(std::string_view type, SshReader& reader);

}  // namespace dumpgate
