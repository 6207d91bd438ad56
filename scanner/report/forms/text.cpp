// The text form: what an analyst wants to read on a terminal. The one rule: every string that may have come
// with the dump goes through printable(), because a terminal obeys what it is shown.

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <vector>

#include "scanner/base/hex.h"
#include "scanner/base/printable.h"
#include "scanner/report/fields.h"
#include "scanner/report/report.h"

namespace dumpgate {
namespace {

constexpr std::size_t most_text_gaps = 20;
constexpr std::size_t label_width = 13;

std::string_view word_of(Decision decision) {
  switch (decision) {
    case Decision::hold:
      return "HOLD";
    case Decision::block:
      return "BLOCK";
    case Decision::release:
      return "RELEASE";
  }
  return "HOLD";
}

// SGR sequences of ECMA-48: bold, and red, yellow or green.
std::string_view colour_of(Decision decision) {
  switch (decision) {
    case Decision::hold:
      return "\x1b[1;33m";
    case Decision::block:
      return "\x1b[1;31m";
    case Decision::release:
      return "\x1b[1;32m";
  }
  return "\x1b[1;33m";
}

// "19.2 GiB", rounded down; in whole numbers, so that every machine writes the same.
std::string human_size(std::uint64_t bytes) {
  static constexpr std::array<std::string_view, 7> units{"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  std::size_t unit = 0;
  std::uint64_t whole = bytes;
  std::uint64_t rest = 0;
  while (whole >= 1024) {
    rest = whole % 1024;
    whole /= 1024;
    ++unit;
  }
  if (unit == 0) return std::to_string(bytes) + " bytes";
  return std::to_string(whole) + "." + std::to_string(rest * 10 / 1024) + " " + std::string(units.at(unit));
}

std::string size_in_words(std::uint64_t bytes) {
  const std::string human = human_size(bytes);
  return bytes < 1024 ? human : std::to_string(bytes) + " bytes (" + human + ")";
}

std::string plural(std::uint64_t count, std::string_view one, std::string_view many) {
  return std::to_string(count) + " " + std::string(count == 1 ? one : many);
}

// Collects labelled lines; what it is given is made printable here and nowhere else.
class Page {
 public:
  explicit Page(bool colour) : colour_(colour) {}

  void line(std::string_view label, std::string_view text) {
    const std::size_t gap = label.size() < label_width ? label_width - label.size() : 1;
    out_ += std::string(label) + std::string(gap, ' ') + printable(text) + "\n";
  }
  void more(std::string_view text) { line("", text); }
  void blank() { out_ += '\n'; }
  void heading(std::string_view before, Decision decision) {
    out_ += printable(before) + ": ";
    mark(word_of(decision), decision);
    out_ += '\n';
  }
  void finding_heading(std::string_view title, const FindingVerdict& verdict) {
    out_ += printable(title) + ": ";
    if (verdict.blocks) {
      mark("blocks", Decision::block);
    } else if (verdict.suppression) {
      out_ += "suppressed";
    } else {
      out_ += verdict.known_test_key.empty() ? "reported only" : "known test key";
    }
    out_ += '\n';
  }
  std::string take() { return std::move(out_); }

 private:
  void mark(std::string_view word, Decision decision) {
    if (colour_) out_ += colour_of(decision);
    out_ += word;
    if (colour_) out_ += "\x1b[0m";
  }

  std::string out_{};
  bool colour_;
};

std::string in_layer(std::string_view layer) { return layer.empty() ? "" : " in " + std::string(layer); }

void write_input(Page& page, const ScanRecord& record) {
  page.line("size", record.size ? size_in_words(*record.size) : "unknown: the end was never reached");
  page.line("sha256", record.sha256 ? *record.sha256 : "none: not read to its end");
  for (const LayerRecord& layer : record.layers) {
    page.line("layer", layer.path + ": " + plural(layer.members, "member", "members") + ", " +
                           std::to_string(layer.bytes_in) + " bytes gave " + std::to_string(layer.bytes_out));
  }
  for (const ImageRecord& image : record.images) {
    std::string text = image.layer + ": " + size_in_words(image.bytes);
    if (image.base != 0) text += " from offset " + std::to_string(image.base);
    if (image.regions != 0) {
      text += ", " + plural(image.regions, "region", "regions") + " with " + human_size(image.region_bytes) +
              ", " + std::to_string(image.word_bits) + "-bit " +
              (image.big_endian ? "big-endian" : "little-endian");
    }
    page.line("format", text);
  }
}

void write_gap(Page& page, const Gap& gap) {
  std::string text = std::string(to_string(gap.reason)) + " at offset " + std::to_string(gap.offset);
  if (gap.length) text += ", " + size_in_words(*gap.length);
  text += in_layer(gap.layer);
  if (!gap.detail.empty()) text += ": " + gap.detail;
  page.line("gap", text);
}

void write_coverage(Page& page, const ScanRecord& record, const Verdict& verdict) {
  page.line("coverage", size_in_words(record.bytes_examined) + " examined, " +
                            (verdict.complete() ? "nothing left out" : "NOT the whole of the input"));
  if (!record.public_keys.empty())
    page.line("public keys", std::to_string(record.public_keys.size()) + " seen");
  std::vector<const Gap*> gaps;
  gaps.reserve(record.gaps.size());
  for (const Gap& gap : record.gaps) gaps.push_back(&gap);
  // Absent memory holds nothing back; what does comes first.
  std::stable_partition(gaps.begin(), gaps.end(),
                        [](const Gap* gap) { return gap->reason != GapReason::absent; });
  for (std::size_t i = 0; i < std::min(gaps.size(), most_text_gaps); ++i) write_gap(page, *gaps[i]);
  if (gaps.size() > most_text_gaps) {
    page.more("and " + plural(gaps.size() - most_text_gaps, "more gap", "more gaps"));
  }
}

std::string title_of(const Finding& finding, const ReportContext& context) {
  for (const Signature& signature : context.signatures) {
    if (signature.id == finding.signature && !signature.title.empty()) return signature.title;
  }
  return finding.signature;
}

void write_finding(Page& page, const Finding& finding, const FindingVerdict& verdict,
                   const ReportContext& context) {
  page.blank();
  page.finding_heading(title_of(finding, context), verdict);
  std::string key(to_string(finding.kind));
  key += ", " + std::string(to_string(finding.use)) + " use";
  if (!finding.algorithm.empty()) key += ", " + finding.algorithm;
  if (!finding.curve.empty()) key += " " + finding.curve;
  if (finding.bits != 0) key += ", " + std::to_string(finding.bits) + " bits";
  page.line("  key", key);
  page.line("  evidence", std::string(to_string(finding.evidence)) +
                              (finding.relation.empty() ? "" : ": " + finding.relation));
  if (!finding.representation.empty()) {
    page.line("  form", finding.representation + (finding.cut ? ", cut off" : ""));
  }
  std::string place = "offset " + hex_address(finding.offset) + " (" + std::to_string(finding.offset) + ")";
  if (finding.length != 0) place += ", " + plural(finding.length, "byte", "bytes");
  page.line("  place", place + in_layer(finding.layer));
  if (!finding.address_space.empty()) {
    page.line("  address", hex_address(finding.address) + " " + finding.address_space +
                               (finding.mapping.empty() ? "" : ", " + finding.mapping));
  }
  if (!finding.public_key_sha256.empty()) page.line("  public key", "SHA-256 " + finding.public_key_sha256);
  if (finding.secret_id_is_public)
    page.line("  secret", "HMAC-SHA-256 under the site key " + finding.secret_id);
  if (finding.occurrences > 1) page.line("  seen", plural(finding.occurrences, "time", "times"));
  if (!finding.detail.empty()) page.line("  note", finding.detail);
  if (!verdict.protected_key.empty()) page.line("  protected", verdict.protected_key);
  page.line("  verdict", verdict.reason);
}

// Hints that do not block can be many and say little each: they are counted. The JSON forms list them.
void write_findings(Page& page, const ScanRecord& record, const Verdict& verdict,
                    const ReportContext& context) {
  std::map<std::string, std::uint64_t> hints;
  for (std::size_t i = 0; i < record.findings.size(); ++i) {
    const Finding& finding = record.findings[i];
    const FindingVerdict judged = verdict_of(record, verdict, i);
    if (finding.evidence == Evidence::hint && !judged.blocks) {
      ++hints[title_of(finding, context)];
    } else {
      write_finding(page, finding, judged, context);
    }
  }
  if (hints.empty()) return;
  page.blank();
  for (const auto& [title, count] : hints) page.line("hint", std::to_string(count) + " x " + title);
}

void write_protected_keys(Page& page, const ScanRecord& record, const Verdict& verdict) {
  if (record.protected_keys.empty()) return;
  page.blank();
  for (const ProtectedKeyRecord& key : record.protected_keys) {
    std::string text = key.name + ": " + (key.found ? "FOUND" : "not found");
    if (!verdict.complete()) text += ", and NOT the whole of the input was examined";
    page.line("protected", text);
    page.more("SHA-256 " + key.public_key_sha256);
    std::string representations;
    for (const std::string& representation : key.representations) {
      representations += (representations.empty() ? "looked for as " : ", ") + representation;
    }
    if (!representations.empty()) page.more(representations);
  }
}

void write_verdict(Page& page, const Verdict& verdict) {
  page.blank();
  page.heading("verdict", verdict.decision());
  for (const std::string& reason : verdict.reasons()) page.line("  because", reason);
  for (const Suppression& suppression : verdict.expired_suppressions()) {
    page.line("  expired", "on " + iso_date(suppression.expires) + ": " + suppression.public_key_sha256 +
                               " (" + suppression.reason + ")");
  }
}

class TextForm : public ReportForm {
 public:
  std::string_view name() const noexcept override { return "text"; }
  std::string_view media_type() const noexcept override { return "text/plain; charset=utf-8"; }
  std::string_view separator() const noexcept override { return "\n"; }

  std::string render(const ScanRecord& record, const Verdict& verdict,
                     const ReportContext& context) const override {
    Page page(context.colour);
    page.heading(record.input, verdict.decision());
    write_input(page, record);
    write_coverage(page, record, verdict);
    write_findings(page, record, verdict, context);
    write_protected_keys(page, record, verdict);
    write_verdict(page, verdict);
    return page.take();
  }
};

constinit const TextForm text_instance;

}  // namespace

constinit const ReportForm& text_form = text_instance;

}  // namespace dumpgate
