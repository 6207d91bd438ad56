// dumpgate log export: envelopes, or the statements in them, one a line.

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "scanner/cli/command_line.h"
#include "scanner/cli/log_verb.h"
#include "scanner/evidence/dsse.h"

namespace dumpgate {
namespace {

class ExportVerb final : public Command {
 public:
  void declare(CommandLine& app) override {
    app.add_option("--log", log_, "directory of the log").required();
    auto index = app.add_option("--index", index_, "this entry only");
    app.add_option("--from", from_, "first entry; default 0").excludes(index);
    app.add_option("--to", to_, "last entry; default the newest").excludes(index);
    app.add_flag("--payload", payload_, "the statements, once their signatures were verified");
  }

  int run() override {
    const auto reader = open_log_reader(log_, {});
    if (!reader) return log_failure(reader.error());
    const std::uint64_t size = reader->checkpoint().size;
    const std::uint64_t begin = index_ ? *index_ : from_.value_or(0);
    const std::uint64_t last = index_ ? *index_ : to_.value_or(size == 0 ? 0 : size - 1);
    if (size == 0 && !index_ && !from_ && !to_) return 0;
    if (begin > last || last >= size)
      return log_failure(
          {ErrorCode::usage, "the log has " + std::to_string(size) + " entries, from 0 on", std::nullopt});
    const std::array<Ed25519PublicKey, 1> keys{reader->verifier().key};
    const auto written =
        reader->entries(begin, last + 1, [&](std::uint64_t, std::string_view entry) -> Result<void> {
          if (!payload_) {
            write_stdout(std::string(entry) + "\n");
            return {};
          }
          const auto opened = open_envelope(entry, keys);
          if (!opened) return opened.error();
          write_stdout(opened->payload + "\n");
          return {};
        });
    return written ? 0 : log_failure(written.error());
  }

 private:
  std::string log_{};
  std::optional<std::uint64_t> index_{};
  std::optional<std::uint64_t> from_{};
  std::optional<std::uint64_t> to_{};
  bool payload_ = false;
};

constinit const CommandEntry export_instance{"export", "print envelopes or statements, one a line",
                                             &make_command<ExportVerb>};

}  // namespace

constinit const CommandEntry& export_log_verb = export_instance;

}  // namespace dumpgate
