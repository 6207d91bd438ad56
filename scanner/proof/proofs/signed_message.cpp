// The key that signed a JSON Web Token or a DNS request with HMAC, from the memory around the message: as
// bytes, as text, and as text that encodes bytes. The one rule: a guess that gives the message's whole MAC is
// the key; all others leave no trace. Guesses are bounded for each message, and the nearest are tried.

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "scanner/detect/random_words.h"
#include "scanner/detect/text_view.h"
#include "scanner/detect/word_alignment.h"
#include "scanner/proof/mac_check.h"
#include "scanner/proof/prove.h"
#include "scanner/proof/secret_name.h"

namespace dumpgate {
namespace {

using Bytes = std::span<const std::byte>;

constexpr std::size_t most_guesses = 20'000;
constexpr std::size_t small_run = 12;  // words: all places in it are tried, of longer runs the ends
constexpr std::array<std::size_t, 6> key_sizes{16, 20, 24, 32, 48, 64};
constexpr std::size_t shortest_text = 8;
constexpr std::size_t longest_text = 128;
constexpr std::size_t longest_encoding = 172;  // base64 of 128 bytes

enum class Reading : std::uint8_t { raw, text, base64, hex };

struct Guess {
  std::size_t at = 0;
  std::size_t size = 0;
  Reading reading = Reading::raw;
};

// Text has no bytes above 0x7f; of 16 random bytes fewer than two are, with probability 2.6e-4.
bool is_text_like(Bytes bytes) {
  return std::ranges::count_if(bytes, [](std::byte b) { return (b >> 7U) != std::byte{0}; }) < 2;
}

bool is_base64(char c) { return base64_value(static_cast<unsigned char>(c)).has_value(); }
bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

class GuessList {
 public:
  explicit GuessList(Bytes bytes) : bytes_(bytes) {}

  // What lies in words, the first of them at `at`.
  void gather_words(std::size_t at) {
    const auto plain = [&](std::size_t place) {
      std::uint64_t word = 0;
      std::memcpy(&word, bytes_.data() + place, sizeof word);
      return plain_word(word);
    };
    for (; at + 8 <= bytes_.size(); at += 8) {
      if (plain(at)) continue;
      const std::size_t begin = at;
      while (at + 8 <= bytes_.size() && !plain(at)) at += 8;
      add_run(begin, at);
    }
  }

  void gather_text() {
    const std::string_view all(reinterpret_cast<const char*>(bytes_.data()), bytes_.size());
    for (std::size_t at = 0; at < all.size(); ++at) {
      const std::size_t begin = at;
      while (at < all.size() && all[at] >= 0x20 && all[at] < 0x7f) ++at;
      if (at - begin < shortest_text) continue;
      const std::string_view line = all.substr(begin, at - begin);
      add_text(begin, line);
      add_pieces(begin, line, "\"'`");
      add_pieces(begin, line, " \"'`,;<>()[]{}|\\");
      add_pieces(begin, line, " \"'`,;<>()[]{}|\\=:&");
    }
  }

  // The nearest ones, in the order of their places.
  std::vector<Guess> nearest_to(std::size_t place) {
    const auto distance = [place](const Guess& guess) {
      return guess.at > place ? guess.at - place : place - guess.at;
    };
    if (guesses_.size() > most_guesses) {
      std::ranges::stable_sort(guesses_, {}, distance);
      guesses_.resize(most_guesses);
    }
    return std::move(guesses_);
  }

 private:
  void add_run(std::size_t begin, std::size_t end) {
    if (end - begin < 16) return;
    for (std::size_t at = begin; at + 16 <= end; at += 8) {
      if (is_text_like(bytes_.subspan(at, 16))) continue;
      const bool every_size = end - begin <= small_run * 8 || at == begin;
      for (const std::size_t size : key_sizes)
        if ((every_size && at + size <= std::min(end + 4, bytes_.size())) || at + size == end)
          guesses_.push_back({at, size, Reading::raw});
    }
  }

  void add_pieces(std::size_t begin, std::string_view line, std::string_view separators) {
    for (std::size_t at = 0; at < line.size();) {
      const std::size_t end = std::min(line.find_first_of(separators, at), line.size());
      if (end - at != line.size()) add_text(begin + at, line.substr(at, end - at));
      at = end + 1;
    }
  }

  void add_text(std::size_t at, std::string_view text) {
    if (text.size() < shortest_text || text.size() > longest_encoding) return;
    if (!guesses_.empty() && guesses_.back().at == at && guesses_.back().size == text.size()) return;
    while (text.ends_with('=') && text.size() > shortest_text) {
      if (text.size() <= longest_text) guesses_.push_back({at, text.size(), Reading::text});
      text.remove_suffix(1);
    }
    if (text.size() % 2 == 0 && text.size() >= 16 && std::ranges::all_of(text, is_hex))
      guesses_.push_back({at, text.size(), Reading::hex});
    if (text.size() >= 11 && std::ranges::all_of(text, is_base64))
      guesses_.push_back({at, text.size(), Reading::base64});
    if (text.size() <= longest_text) guesses_.push_back({at, text.size(), Reading::text});
  }

  Bytes bytes_;
  std::vector<Guess> guesses_{};
};

SecretBytes read_guess(Bytes bytes, const Guess& guess) {
  const Bytes there = bytes.subspan(guess.at, guess.size);
  const std::string_view text(reinterpret_cast<const char*>(there.data()), there.size());
  if (guess.reading == Reading::base64) return decode_base64(text);
  if (guess.reading != Reading::hex) return secret_copy(there);
  SecretBytes key(text.size() / 2);
  const auto digit = [](char c) {
    return static_cast<unsigned>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10) & 0xfU;
  };
  for (std::size_t i = 0; i < key.size(); ++i)
    key[i] = static_cast<std::byte>(digit(text[2 * i]) << 4U | digit(text[2 * i + 1]));
  return key;
}

std::string_view name_of(Reading reading) {
  switch (reading) {
    case Reading::raw:
      return "bytes";
    case Reading::text:
      return "text";
    case Reading::base64:
      return "base64";
    case Reading::hex:
      return "hex";
  }
  return "bytes";
}

Oracle::Kind oracle_of(Form form) {
  if (form == Form::jws_token) return Oracle::Kind::hmac_token;
  return form == Form::tsig_message ? Oracle::Kind::tsig_message : Oracle::Kind::none;
}

class SignedMessageProof final : public Proof {
 public:
  std::string_view name() const noexcept override { return "signed-message"; }
  bool takes(Form form) const noexcept override { return oracle_of(form) != Oracle::Kind::none; }

  bool judge(const Candidate&, Bytes, Finding&, std::vector<Lead>&) const override { return false; }

  bool judge_in(const Window& window, const Candidate& candidate, Bytes payload, Finding& finding,
                std::vector<Lead>& leads) const override {
    const Oracle::Kind kind = oracle_of(candidate.form);
    auto check = MacCheck::make(kind, payload);
    if (!check) return false;
    const Window::Around around = window.around(candidate.begin);
    const std::uint64_t begin = window.offset + around.begin;
    bool first = true;
    for (const std::size_t phase : phases(window, around)) {
      GuessList list(around.bytes);
      list.gather_words(phase);
      if (std::exchange(first, false)) list.gather_text();
      for (const Guess& guess : list.nearest_to(around.at)) {
        SecretBytes key = read_guess(around.bytes, guess);
        if (!check->signed_by(key)) continue;
        describe(guess, begin, kind, finding);
        while (!key.empty() && key.back() == std::byte{0}) key.pop_back();
        finding.bits = static_cast<unsigned>(key.size() * 8);
        name_secret(key, window.site_key, finding);
        return true;
      }
    }
    leads.push_back({.oracle = {.kind = kind, .bytes = secret_copy(payload)}});
    return false;
  }

 private:
  // Where in eight bytes of what is around the anchor words begin, by its region and by the words themselves.
  static std::vector<std::size_t> phases(const Window& window, const Window::Around& around) {
    const std::uint64_t begin = window.offset + around.begin;
    const unsigned shift =
        window.regions != nullptr ? window.regions->alignment(begin + around.at).shift % 8 : 0;
    std::vector<std::size_t> all;
    for (unsigned residue = 0; residue < 8; ++residue)
      if (residue == shift || (residue != 0 && is_aligned(window, residue, begin + around.at)))
        all.push_back((8 - (begin + residue) % 8) % 8);
    return all;
  }

  static void describe(const Guess& guess, std::uint64_t begin, Oracle::Kind kind, Finding& finding) {
    finding.representation = name_of(guess.reading);
    finding.evidence = Evidence::proof;
    finding.relation = mac_relation(kind);
    finding.detail = mac_purpose(kind);
    finding.offset = begin + guess.at;
    finding.length = guess.size;
  }
};

constinit const SignedMessageProof signed_message_instance;

}  // namespace

extern const Proof& signed_message_proof;
const Proof& signed_message_proof = signed_message_instance;

}  // namespace dumpgate
