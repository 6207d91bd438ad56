// Signed notes: the examples that C2SP prints, round trips, and everything that must be refused.

#include "scanner/evidence/signed_note.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "scanner/base/base64.h"
#include "tests/support/evidence.h"

namespace dumpgate {
namespace {

const std::string origin = "gate.example.org/dumps";

Checkpoint some_checkpoint() {
  Checkpoint checkpoint{.origin = origin, .size = 1234};
  checkpoint.root.fill(std::byte{0x5a});
  return checkpoint;
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  const std::size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), with);
}

TEST(SignedNote, ReadsThePublishedVerifierKey) {
  constexpr std::string_view text = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
  const auto verifier = parse_note_verifier(text);
  ASSERT_TRUE(verifier);
  EXPECT_EQ(verifier->name, "example.com/foo");
  EXPECT_FALSE(verifier->cosigner);
  EXPECT_EQ(verifier->text(), text);
  // The signature of the published example, whose text is no checkpoint: refused for that and nothing else.
  const auto opened = open_checkpoint(
      "This is an example message.\n\n\u2014 example.com/foo "
      "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n",
      *verifier);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().message, "the note is no checkpoint");
  const auto altered = open_checkpoint(
      "This is an example message!\n\n\u2014 example.com/foo "
      "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n",
      *verifier);
  ASSERT_FALSE(altered);
  EXPECT_EQ(altered.error().message, "the log's signature of the checkpoint is not valid");
}

TEST(SignedNote, RefusesVerifierKeysThatAreNone) {
  for (const std::string_view text :
       {"", "a", "a+b", "a+530d903a+", "+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/fop+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k ",
        "example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"})
    EXPECT_FALSE(parse_note_verifier(text)) << text;
}

TEST(SignedNote, KeyNamesHaveNoSpacesAndNoPlus) {
  for (const std::string_view good : {"a", "gate1.example.org/dumps", "\u00fc"})
    EXPECT_TRUE(is_note_name(good));
  for (const std::string_view bad :
       {"", "a b", "a+b", "a\n", "a\t", "a\u00a0b", "a\u2003", "\u3000", "\xff", "a\x7f", "a\u0085"})
    EXPECT_FALSE(is_note_name(bad)) << bad;
}

TEST(SignedNote, OpensWhatItSigned) {
  const auto signer = fresh_signer();
  const NoteVerifier verifier{.name = origin, .key = signer->public_key()};
  const auto note = sign_checkpoint(some_checkpoint(), *signer);
  ASSERT_TRUE(note);
  const auto opened = open_checkpoint(*note, verifier);
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(opened->body(), some_checkpoint().body());
  EXPECT_TRUE(note->starts_with(some_checkpoint().body() + "\n\u2014 " + origin + " "));
}

TEST(SignedNote, RefusesEveryChangedByte) {
  const auto signer = fresh_signer();
  const NoteVerifier verifier{.name = origin, .key = signer->public_key()};
  const std::string note = *sign_checkpoint(some_checkpoint(), *signer);
  for (std::size_t at = 0; at < note.size(); ++at) {
    for (const char flip : {char{1}, char{0x20}, char{-128}}) {
      std::string changed = note;
      changed[at] = static_cast<char>(changed[at] ^ flip);
      EXPECT_FALSE(open_checkpoint(changed, verifier)) << at << ' ' << changed;
    }
    EXPECT_FALSE(open_checkpoint(note.substr(0, at), verifier)) << at;
    EXPECT_FALSE(open_checkpoint(note.substr(at + 1), verifier)) << at;
  }
  EXPECT_FALSE(open_checkpoint(note + "x", verifier));
  EXPECT_FALSE(open_checkpoint(note + "\n", verifier));
}

TEST(SignedNote, RefusesOtherKeysNamesAndOrigins) {
  const auto signer = fresh_signer();
  const auto other = fresh_signer();
  const std::string note = *sign_checkpoint(some_checkpoint(), *signer);
  EXPECT_FALSE(open_checkpoint(note, {.name = origin, .key = other->public_key()}));
  EXPECT_FALSE(open_checkpoint(note, {.name = "other.example.org", .key = signer->public_key()}));
  EXPECT_FALSE(open_checkpoint(note, {.name = origin, .key = signer->public_key(), .cosigner = true}));
}

TEST(SignedNote, UnknownSignaturesAreIgnoredAndAKnownFalseOneIsNot) {
  const auto signer = fresh_signer();
  const NoteVerifier verifier{.name = origin, .key = signer->public_key()};
  const std::string note = *sign_checkpoint(some_checkpoint(), *signer);
  const std::string unknown = "\u2014 someone.example.org " + to_base64(std::vector(80, std::byte{7})) + "\n";
  EXPECT_TRUE(open_checkpoint(note + unknown, verifier));
  const std::size_t line = note.find("\n\n") + 2;
  EXPECT_TRUE(open_checkpoint(note.substr(0, line) + unknown + note.substr(line), verifier));
  // The log's name and key id, with another signature: the whole note is refused.
  Checkpoint larger = some_checkpoint();
  ++larger.size;
  const std::string false_line = sign_checkpoint(larger, *signer)->substr(larger.body().size() + 1);
  EXPECT_FALSE(open_checkpoint(note + false_line, verifier));
  std::string crowded = note;
  for (int i = 0; i < 15; ++i) crowded += unknown;
  EXPECT_TRUE(open_checkpoint(crowded, verifier));
  for (int i = 0; i < 100; ++i) crowded += unknown;
  EXPECT_FALSE(open_checkpoint(crowded, verifier));
}

// Sizes that say the same number in other letters, and texts that are signed and no checkpoint.
TEST(SignedNote, RefusesSignedTextThatIsNoCheckpoint) {
  const auto signer = fresh_signer();
  const NoteVerifier verifier{.name = origin, .key = signer->public_key()};
  const std::string body = some_checkpoint().body();
  EXPECT_TRUE(open_checkpoint(sign_note(body, origin, *signer), verifier));
  EXPECT_TRUE(open_checkpoint(sign_note(body + "extension\n", origin, *signer), verifier));
  for (const std::string& text :
       {replaced(body, "1234", "01234"), replaced(body, "1234", "+1234"), replaced(body, "1234", " 1234"),
        replaced(body, "1234", "18446744073709551616"), replaced(body, "1234", "9223372036854775808"),
        replaced(body, "1234", ""), replaced(body, "1234", "0x12"), replaced(body, "=\n", "\n"),
        replaced(body, "WlpaWlo", "WlpaWl"), origin + "\n1234\n", body + "\n", body + "a\n\nb\n"})
    EXPECT_FALSE(open_checkpoint(sign_note(text, origin, *signer), verifier)) << text;
}

TEST(SignedNote, CosignaturesAreAddedAndFound) {
  const auto signer = fresh_signer();
  const auto witness = fresh_signer();
  const NoteVerifier log{.name = origin, .key = signer->public_key()};
  const NoteVerifier w1{.name = "witness.example.org/w1", .key = witness->public_key(), .cosigner = true};
  const auto parsed = parse_note_verifier(w1.text());
  ASSERT_TRUE(parsed);
  EXPECT_TRUE(parsed->cosigner);
  const std::string note = *sign_checkpoint(some_checkpoint(), *signer);
  EXPECT_FALSE(cosignature_time(note, w1));
  const auto cosigned = cosign_checkpoint(note, w1.name, *witness, 1679315147);
  ASSERT_TRUE(cosigned);
  EXPECT_TRUE(cosigned->starts_with(note));
  EXPECT_TRUE(open_checkpoint(*cosigned, log));
  EXPECT_EQ(cosignature_time(*cosigned, w1), std::optional<std::uint64_t>(1679315147));
  EXPECT_FALSE(cosignature_time(*cosigned, {.name = "w2", .key = w1.key, .cosigner = true}));
  EXPECT_FALSE(cosignature_time(*cosigned, {.name = w1.name, .key = w1.key}));
  // A later one of the same witness takes the place of the first.
  const auto again = cosign_checkpoint(*cosigned, w1.name, *witness, 1679315148);
  ASSERT_TRUE(again);
  EXPECT_EQ(std::ranges::count(*again, '\n'), std::ranges::count(*cosigned, '\n'));
  EXPECT_EQ(cosignature_time(*again, w1), std::optional<std::uint64_t>(1679315148));
  // Another time under the same signature is not what was signed.
  const std::string stamped = replaced(*cosigned, cosigned->substr(note.size()), again->substr(note.size()));
  EXPECT_TRUE(cosignature_time(stamped, w1));
  std::string moved = *cosigned;
  moved[note.size() + std::string("\u2014 witness.example.org/w1 ").size() + 15] ^= 1;
  EXPECT_FALSE(cosignature_time(moved, w1));
  EXPECT_FALSE(cosign_checkpoint(note, "with space", *witness, 1));
  EXPECT_FALSE(cosign_checkpoint(note, w1.name, *witness, ~std::uint64_t{0}));
}

}  // namespace
}  // namespace dumpgate
