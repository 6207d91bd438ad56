// dumpgate signatures: lists, shows and checks the kinds of keys that are looked for.

#include <algorithm>
#include <optional>
#include <string>

#include "scanner/base/printable.h"
#include "scanner/cli/command.h"
#include "scanner/cli/command_line.h"
#include "scanner/cli/settings.h"
#include "scanner/detect/signature.h"

namespace dumpgate {
namespace {

void append_padded(std::string& line, std::string_view text, std::size_t width) {
  line += text;
  line.append(width > text.size() ? width - text.size() : 0, ' ');
  line += "  ";
}

class SignaturesCommand final : public Command {
 public:
  void declare(CommandLine& app) override {
    app.require_subcommand();
    list_ = app.add_subcommand("list", "print id, kind, use and title of each");
    show_ = app.add_subcommand("show", "print the text of one");
    show_->add_option("ID", id_, "as 'signatures list' prints it").required();
    check_ = app.add_subcommand("check", "read all, and say how many; exit code 2 when one is wrong");
    check_->add_option("DIR", directory_, "directory with further signatures (*.toml)");
    app.footer("Exit codes: 0 done, 2 usage or a signature that is wrong, 4 internal error.");
  }

  int run() override {
    auto signatures = SignatureSet::builtin();
    if (!signatures) return fail(signatures.error());
    if (list_->was_named()) return list(*signatures);
    if (show_->was_named()) return show();
    return check(*signatures);
  }

 private:
  static int fail(const Error& error) {
    write_stderr("dumpgate: " + printable(error.message) + "\n");
    return exit_usage;
  }

  static int list(const SignatureSet& signatures) {
    std::size_t id_width = 2;
    std::size_t kind_width = 4;
    for (const Signature& signature : signatures.all()) {
      id_width = std::max(id_width, signature.id.size());
      kind_width = std::max(kind_width, to_string(signature.kind).size());
    }
    const auto line = [&](std::string_view id, std::string_view kind, std::string_view use,
                          std::string_view title) {
      std::string out;
      append_padded(out, id, id_width);
      append_padded(out, kind, kind_width);
      append_padded(out, use, 9);
      return out.append(title) + "\n";
    };
    std::string out = line("ID", "KIND", "USE", "TITLE");
    for (const Signature& signature : signatures.all())
      out += line(signature.id, to_string(signature.kind), to_string(signature.use), signature.title);
    write_stdout(out);
    return 0;
  }

  int show() const {
    for (const SignatureText& signature : builtin_signature_texts()) {
      if (signature.id != id_) continue;
      write_stdout(signature.text);
      return 0;
    }
    return fail(Error{ErrorCode::usage, "no such signature: " + id_ + " (see 'dumpgate signatures list')",
                      std::nullopt});
  }

  int check(SignatureSet& signatures) const {
    const std::size_t built_in = signatures.all().size();
    if (!directory_.empty())
      if (const auto added = add_signatures_from(directory_, signatures); !added) return fail(added.error());
    std::string out = std::to_string(built_in) + " built-in signatures";
    if (!directory_.empty())
      out += ", " + std::to_string(signatures.all().size() - built_in) + " in " + printable(directory_);
    write_stdout(out + ": all read\nsha256:" + signatures.sha256() + "\n");
    return 0;
  }

  std::optional<CommandLine> list_{};
  std::optional<CommandLine> show_{};
  std::optional<CommandLine> check_{};
  std::string id_{};
  std::string directory_{};
};

constinit const CommandEntry signatures_instance{
    "signatures", "list, show or check the kinds of keys looked for", &make_command<SignaturesCommand>};

}  // namespace

constinit const CommandEntry& signatures_command = signatures_instance;

}  // namespace dumpgate
