// The picture of an EntropyMap. The one rule: it is well-formed XML that shows the same everywhere: no
// script, no style sheet, no font of its own, nothing loaded; every name goes through escaped().

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "scanner/base/printable.h"
#include "scanner/cli/entropy_map.h"
#include "scanner/cli/settings.h"

namespace dumpgate {
namespace {

// All lengths are in user units, which are pixels at 100 %.
constexpr int margin = 32;
constexpr int ruler_width = 236;
constexpr int grid_width = 704;
constexpr int label_width = 268;
constexpr int page_width = margin + ruler_width + grid_width + label_width + margin;
constexpr int grid_left = margin + ruler_width;
constexpr int grid_right = grid_left + grid_width;
constexpr int line_height = 15;
constexpr int header_height = 172;
constexpr int panel_head = 40;
constexpr std::size_t most_name = 30;  // code points of a label
constexpr std::size_t most_labels = 24;

constexpr const char* ink = "#1f2933";
constexpr const char* faint = "#7b8794";

// One colour for each thing a cell can be; structured data in three depths by how random it looks. Chosen to
// differ in lightness as well, for people who do not see all colours.
struct Shade {
  BlockClass of = BlockClass::zero;
  double from = 0;  // of BlockStatistics::randomness
  const char* colour = "";
};
constexpr std::array<Shade, 8> shades{{{BlockClass::zero, 0, "#eef1f4"},
                                       {BlockClass::sparse, 0, "#d3dae1"},
                                       {BlockClass::text, 0, "#7cb36a"},
                                       {BlockClass::structured, 0, "#b5cfe8"},
                                       {BlockClass::structured, 0.4, "#7ba7d4"},
                                       {BlockClass::structured, 0.65, "#3f78b3"},
                                       {BlockClass::dense, 0, "#f0a63c"},
                                       {BlockClass::random, 0, "#c9302c"}}};

struct LegendEntry {
  BlockClass of = BlockClass::zero;
  const char* title = "";
  const char* text = "";
};
constexpr std::array<LegendEntry, block_classes> legend{
    {{BlockClass::zero, "zero", "nothing but zero bytes"},
     {BlockClass::sparse, "sparse", "nine zero bytes of ten"},
     {BlockClass::text, "text", "printable, also UTF-16"},
     {BlockClass::structured, "structured", "code, pointers, tables"},
     {BlockClass::dense, "dense", "compressed or packed"},
     {BlockClass::random, "random", "ciphertext, keys, or well compressed"}}};

std::size_t shade_of(const EntropyBlock& block) {
  std::size_t best = 0;
  for (std::size_t i = 0; i < shades.size(); ++i)
    if (shades.at(i).of == block.is && block.statistics.randomness >= shades.at(i).from) best = i;
  return best;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&apos;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::size_t code_points(std::string_view text) {
  std::size_t count = 0;
  for (; !text.empty(); ++count) (void)next_code_point(text);
  return count;
}

// The text, or its last `most` code points after an ellipsis.
std::string last_of(const std::string& text, std::size_t most) {
  const std::size_t count = code_points(text);
  if (count <= most) return text;
  std::string_view rest = text;
  for (std::size_t skip = count - most + 1; skip > 0; --skip) (void)next_code_point(rest);
  return std::string("\u2026").append(rest);
}

// What stands beside the grid for a mapping: of a path the file's name, and no more than fits.
std::string label_of(const std::string& name) {
  const std::size_t slash = name.rfind('/');
  std::string shown = name.starts_with('/') ? name.substr(slash + 1) : name;
  if (code_points(shown) <= most_name) return shown;
  std::string_view rest = shown;
  for (std::size_t i = 0; i + 1 < most_name; ++i) (void)next_code_point(rest);
  return shown.substr(0, shown.size() - rest.size()) + "\u2026";
}

std::string number(std::uint64_t value) {  // 1,234,567
  const std::string digits = std::to_string(value);
  std::string out;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) out += ',';
    out += digits[i];
  }
  return out;
}

std::string address_text(std::uint64_t value) {
  std::array<char, 24> text{};
  (void)std::snprintf(text.data(), text.size(), "0x%llx", static_cast<unsigned long long>(value));
  return text.data();
}

std::string percent(double share) {
  if (share > 0 && share < 0.001) return "&lt;0.1 %";
  const auto tenths = static_cast<std::uint64_t>(std::lround(share * 1000));
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " %";
}

// Pieces of SVG. Coordinates are whole, so no locale can spoil them.
std::string rectangle(int x, int y, int width, int height, std::string_view fill) {
  return "<rect x=\"" + std::to_string(x) + "\" y=\"" + std::to_string(y) + "\" width=\"" +
         std::to_string(width) + "\" height=\"" + std::to_string(height) + "\" fill=\"" + std::string(fill) +
         "\"/>\n";
}

struct TextStyle {
  const char* fill = ink;
  int size = 12;
  const char* more = "";
};

std::string text_at(int x, int y, const std::string& text, const TextStyle& style = {}) {
  return "<text x=\"" + std::to_string(x) + "\" y=\"" + std::to_string(y) + "\" font-size=\"" +
         std::to_string(style.size) + "\" fill=\"" + style.fill + "\"" + style.more + ">" + escaped(text) +
         "</text>\n";
}

constexpr const char* monospaced =
    " font-family=\"'DejaVu Sans Mono', Menlo, Consolas, monospace\" text-anchor=\"end\"";

std::string move_to(int x, int y) { return "M" + std::to_string(x) + " " + std::to_string(y); }

// The cells of one leaf and everything beside them.
class Panel {
 public:
  Panel(const EntropyLeaf& leaf, int top) : leaf_(leaf), top_(top + panel_head) {
    columns_ = leaf.blocks.size() <= 512 ? 32 : 64;
    cell_ = grid_width / columns_;
    rows_ = static_cast<int>((leaf.blocks.size() + static_cast<std::size_t>(columns_) - 1) /
                             static_cast<std::size_t>(columns_));
    choose_labels();
  }

  int height() const {
    return panel_head + std::max(rows_ * cell_, static_cast<int>(labels_.size()) * line_height) + 28;
  }

  std::string draw() const { return heading() + cells() + boundaries() + ruler() + labels() + row_titles(); }

 private:
  struct Label {
    std::size_t area = 0;
    std::size_t first = 0;  // blocks that begin in the area
    std::size_t last = 0;
    int y = 0;  // of the text
  };

  std::size_t block_at(std::uint64_t offset) const {
    const std::uint64_t within = offset - leaf_.base;
    return static_cast<std::size_t>(within / std::max<std::uint64_t>(leaf_.block, 1));
  }
  std::size_t first_of(int row) const {
    return static_cast<std::size_t>(row) * static_cast<std::size_t>(columns_);
  }
  int x_of(std::size_t block) const {
    return grid_left + static_cast<int>(block % static_cast<std::size_t>(columns_)) * cell_;
  }
  int y_of(std::size_t block) const {
    return top_ + static_cast<int>(block / static_cast<std::size_t>(columns_)) * cell_;
  }

  // Areas that can be seen, and those that people look for.
  bool worth_a_label(const EntropyArea& area) const {
    return area.end - area.begin >= 3 * leaf_.block || area.name == "[heap]" || area.name == "[stack]" ||
           leaf_.areas.size() <= 12;
  }

  // The largest areas, as many as fit, each as near to its place as the others let it.
  void choose_labels() {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < leaf_.areas.size(); ++i)
      if (worth_a_label(leaf_.areas[i])) order.push_back(i);
    std::ranges::stable_sort(order, std::greater(),
                             [&](std::size_t i) { return leaf_.areas[i].end - leaf_.areas[i].begin; });
    const int room = std::max(rows_ * cell_, 12 * line_height);
    order.resize(std::min({order.size(), most_labels, static_cast<std::size_t>(room / line_height)}));
    std::ranges::sort(order);
    for (const std::size_t i : order)
      labels_.push_back(
          {.area = i, .first = block_at(leaf_.areas[i].begin), .last = block_at(leaf_.areas[i].end - 1)});
    int next = top_ + 4;
    for (Label& label : labels_) {
      label.y = std::max(next, middle(label) + 4);
      next = label.y + line_height;
    }
    int most = top_ + std::max(room, static_cast<int>(labels_.size()) * line_height);
    for (auto label = labels_.rbegin(); label != labels_.rend(); ++label) {
      label->y = std::min(label->y, most);
      most = label->y - line_height;
    }
  }

  int middle(const Label& label) const { return (y_of(label.first) + y_of(label.last) + cell_) / 2; }

  std::string heading() const {
    return text_at(margin, top_ - 21, last_of(printable(leaf_.layer), 60),
                   {ink, 14, " font-weight=\"bold\""}) +
           text_at(grid_left, top_ - 21,
                   human_size(leaf_.bytes) + ", " + number(leaf_.blocks.size()) +
                       (leaf_.blocks.size() == 1 ? " cell of " : " cells of ") + human_size(leaf_.block) +
                       "; each row " + human_size(leaf_.block * static_cast<std::uint64_t>(columns_)),
                   {faint, 12, ""}) +
           (leaf_.areas.empty() ? ""
                                : text_at(grid_right + 22, top_ - 21, "mappings, largest", {faint, 12, ""}));
  }

  // All cells of one shade are one path, which keeps the picture small.
  std::string cells() const {
    std::array<std::string, shades.size()> paths;
    const std::string side = std::to_string(cell_ - 1);
    const std::string square = "h" + side + "v" + side + "h-" + side + "z";
    for (std::size_t i = 0; i < leaf_.blocks.size(); ++i)
      paths.at(shade_of(leaf_.blocks[i])).append(move_to(x_of(i), y_of(i))).append(square);
    std::string out;
    for (std::size_t i = 0; i < paths.size(); ++i)
      if (!paths.at(i).empty())
        out += "<path fill=\"" + std::string(shades.at(i).colour) + "\" d=\"" + paths.at(i) + "\"/>\n";
    return out;
  }

  // A line along the cells where a labelled area begins: down the left side of its first cell, right to the
  // end of that row, and left under the cells before it.
  std::string boundaries() const {
    std::string path;
    for (const Label& label : labels_) {
      if (label.first == 0 || leaf_.areas[label.area].begin == leaf_.base) continue;
      const int x = x_of(label.first);
      const int y = y_of(label.first);
      path += move_to(grid_left, y + cell_);
      path.append("H").append(std::to_string(x)).append("V").append(std::to_string(y));
      path.append("H").append(std::to_string(grid_right));
    }
    if (path.empty()) return {};
    return "<path fill=\"none\" stroke=\"" + std::string(ink) +
           "\" stroke-width=\"1\" transform=\"translate(-0.5 -0.5)\" d=\"" + path + "\"/>\n";
  }

  // Offset and address of the first byte of a row, of as many rows as can be read.
  std::string ruler() const {
    const bool addresses = std::ranges::any_of(
        leaf_.blocks, [](const EntropyBlock& block) { return block.address.has_value(); });
    const int offset_x = grid_left - (addresses ? 150 : 12);
    std::string out = text_at(offset_x, top_ - 4, "offset", {faint, 10, monospaced});
    if (addresses) out += text_at(grid_left - 12, top_ - 4, "address", {faint, 10, monospaced});
    const int step = (line_height + cell_ - 1) / cell_;
    for (int row = 0; row < rows_; row += step) {
      const EntropyBlock& block = leaf_.blocks[first_of(row)];
      const int y = top_ + row * cell_ + cell_ / 2 + 4;
      out += text_at(offset_x, y, address_text(block.offset), {ink, 11, monospaced});
      if (block.address)
        out += text_at(grid_left - 12, y, address_text(*block.address), {faint, 11, monospaced});
    }
    return out;
  }

  std::string labels() const {
    std::string out;
    for (const Label& label : labels_) {
      const EntropyArea& area = leaf_.areas[label.area];
      const int from = y_of(label.first) + 1;
      const int to = y_of(label.last) + cell_ - 2;
      out += rectangle(grid_right + 3, from, 3, std::max(2, to - from), faint);
      out += "<path fill=\"none\" stroke=\"" + std::string(faint) + "\" stroke-width=\"0.75\" d=\"" +
             move_to(grid_right + 6, middle(label)) + "L" + std::to_string(grid_right + 18) + " " +
             std::to_string(label.y - 4) + "\"/>\n";
      out += "<text x=\"" + std::to_string(grid_right + 22) + "\" y=\"" + std::to_string(label.y) +
             "\" font-size=\"11\" fill=\"" + ink + "\"><title>" + escaped(area.name) + "</title>" +
             escaped(label_of(area.name)) + "<tspan dx=\"6\" fill=\"" + faint + "\">" +
             human_size(area.end - area.begin) + "</tspan></text>\n";
    }
    return out;
  }

  // What a pointer shows over a row.
  std::string row_titles() const {
    std::string out;
    for (int row = 0; row < rows_; ++row) {
      const std::size_t first = first_of(row);
      const std::size_t end = std::min(leaf_.blocks.size(), first + static_cast<std::size_t>(columns_));
      std::array<std::size_t, block_classes> counts{};
      for (std::size_t i = first; i < end; ++i) ++counts.at(static_cast<std::size_t>(leaf_.blocks[i].is));
      const EntropyBlock& block = leaf_.blocks[first];
      std::string title = "offset " + address_text(block.offset);
      if (block.address) title += ", address " + address_text(*block.address);
      if (!block.mapping.empty()) title += ", " + block.mapping;
      for (std::size_t i = 0; i < counts.size(); ++i)
        if (counts.at(i) > 0)
          title += "; " + number(counts.at(i)) + " " + std::string(to_string(static_cast<BlockClass>(i)));
      out += "<rect x=\"" + std::to_string(grid_left) + "\" y=\"" + std::to_string(top_ + row * cell_) +
             "\" width=\"" + std::to_string(static_cast<int>(end - first) * cell_) + "\" height=\"" +
             std::to_string(cell_) + "\" fill-opacity=\"0\"><title>" + escaped(title) + "</title></rect>\n";
    }
    return out;
  }

  const EntropyLeaf& leaf_;
  int top_;
  int columns_ = 64;
  int cell_ = 11;
  int rows_ = 0;
  std::vector<Label> labels_{};
};

// The share of each class of all bytes.
std::array<double, block_classes> shares_of(const EntropyMap& map) {
  std::array<double, block_classes> shares{};
  double all = 0;
  for (const EntropyLeaf& leaf : map.leaves) {
    for (const EntropyBlock& block : leaf.blocks) {
      shares.at(static_cast<std::size_t>(block.is)) += static_cast<double>(block.statistics.bytes);
      all += static_cast<double>(block.statistics.bytes);
    }
  }
  for (double& share : shares) share = all > 0 ? share / all : 0;
  return shares;
}

const char* colour_of(BlockClass of) {
  if (of == BlockClass::structured) return shades[4].colour;
  return std::ranges::find(shades, of, &Shade::of)->colour;
}

// Title, what the input is, a bar that shows the shares, and the legend.
std::string header(const EntropyMap& map) {
  std::string out =
      text_at(margin, 46, last_of(printable(map.input), 88), {ink, 22, " font-weight=\"bold\""});
  std::uint64_t bytes = 0;
  std::string layers;
  for (const EntropyLeaf& leaf : map.leaves) {
    bytes += leaf.bytes;
    if (layers.size() < 80) layers += (layers.empty() ? "" : ", ") + printable(leaf.layer);
  }
  std::string line = last_of(layers, 90) + ": " + human_size(bytes);
  if (bytes != map.bytes_in) line += " out of an input of " + human_size(map.bytes_in);
  out +=
      text_at(margin, 68, line + ". How random each block looks, compared with random bytes of its length.",
              {faint, 13, ""});
  const auto shares = shares_of(map);
  double x = margin;
  for (const LegendEntry& entry : legend) {
    const double width = shares.at(static_cast<std::size_t>(entry.of)) * (page_width - 2 * margin);
    const int left = static_cast<int>(std::lround(x));
    x += width;
    const int right = static_cast<int>(std::lround(x));
    if (right > left) out += rectangle(left, 84, right - left, 12, colour_of(entry.of));
  }
  constexpr int column = (page_width - 2 * margin) / 3;
  for (std::size_t i = 0; i < legend.size(); ++i) {
    const LegendEntry& entry = legend.at(i);
    const int left = margin + static_cast<int>(i / 2) * column;
    const int top = 112 + static_cast<int>(i % 2) * 24;
    if (entry.of == BlockClass::structured) {
      for (int depth = 0; depth < 3; ++depth)
        out += rectangle(left + depth * 6, top, depth == 2 ? 4 : 6, 16,
                         shades.at(3 + static_cast<std::size_t>(depth)).colour);
    } else {
      out += rectangle(left, top, 16, 16, colour_of(entry.of));
    }
    out += "<text x=\"" + std::to_string(left + 24) + "\" y=\"" + std::to_string(top + 12) +
           "\" font-size=\"12\" fill=\"" + ink + "\"><tspan font-weight=\"bold\">" + entry.title +
           "</tspan> " + percent(shares.at(static_cast<std::size_t>(entry.of))) + "<tspan dx=\"8\" fill=\"" +
           faint + "\">" + escaped(entry.text) + "</tspan></text>\n";
  }
  return out;
}

}  // namespace

std::string entropy_picture(const EntropyMap& map) {
  std::string body = header(map);
  int top = header_height;
  for (const EntropyLeaf& leaf : map.leaves) {
    const Panel panel(leaf, top);
    body += panel.draw();
    top += panel.height();
  }
  if (map.leaves.empty()) {
    body += text_at(margin, top + 20, "Nothing could be read.", {faint, 13, ""});
    top += 40;
  }
  if (map.left_out > 0) {
    body += text_at(margin, top + 10, number(map.left_out) + " more parts of the input are not shown.",
                    {faint, 13, ""});
    top += 28;
  }
  const std::string width = std::to_string(page_width);
  const std::string height = std::to_string(top + 8);
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" "
         "version=\"1.1\" "
         "width=\"" +
         width + "\" height=\"" + height + "\" viewBox=\"0 0 " + width + " " + height +
         "\" role=\"img\" font-family=\"'DejaVu Sans', 'Helvetica Neue', Arial, sans-serif\">\n<title>" +
         escaped("Entropy of " + map.input) + "</title>\n" + rectangle(0, 0, page_width, top + 8, "#ffffff") +
         body + "</svg>\n";
}

}  // namespace dumpgate
