// self_test: does this program, as it stands on this machine, still find keys? A broken OpenSSL
// configuration, a miscompiled matcher or an empty signature set would otherwise make every dump look clean.
// The one rule: without a passed self-test nothing is released.

#pragma once

#include <string>

#include "scanner/detect/signature.h"

namespace dumpgate {

struct SelfTest {
  bool passed = false;
  std::string detail{};  // what was looked for and how it went; for a person
};

// Makes fresh keys (EC P-256, RSA-1024, Ed25519), lays them out in a small image as PEM, DER and bare limbs,
// scans it, and checks that each is found under its right name. 20 to 100 ms. Keys are wiped.
SelfTest self_test(const SignatureSet& signatures);

}  // namespace dumpgate
