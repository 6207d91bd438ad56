// Approvers: the people who may sign waivers, by their public keys. The one rule: people are counted, not
// keys and not signatures: whoever holds two keys is still one.

#pragma once

#include <span>
#include <string>
#include <vector>

#include "scanner/base/result.h"
#include "scanner/evidence/signer.h"

namespace dumpgate {

inline constexpr std::size_t least_approvers = 2;

struct Approver {
  std::string person{};  // printable
  Ed25519PublicKey key{};

  friend bool operator==(const Approver&, const Approver&) = default;
};

// The public keys of a directory's files, PEM or DER SubjectPublicKeyInfo; names that begin with a dot are
// passed over. The person is the file's name up to its first dot: "alice.pem" and "alice.spare.pem" are keys
// of one. ErrorCode::usage: a file that is no such key, a key that two people have, fewer than two people.
Result<std::vector<Approver>> read_approvers(const std::string& directory);

// Those whose key it is not. A log signs every leaf, and is nobody's approval.
std::vector<Approver> approvers_other_than(const Ed25519PublicKey& key, std::span<const Approver> approvers);

// How many different people these are.
std::size_t count_people(std::span<const Approver> approvers);

}  // namespace dumpgate
