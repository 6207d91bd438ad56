// dumpgate inspect: shows what an input is: layers, images, regions, parts, and what of it cannot be read. It
// reads every byte and looks for no key.

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "scanner/base/printable.h"
#include "scanner/cli/command.h"
#include "scanner/cli/command_line.h"
#include "scanner/cli/inspection.h"
#include "scanner/cli/leaf_visit.h"
#include "scanner/cli/output_file.h"
#include "scanner/cli/settings.h"

namespace dumpgate {
namespace {

class InspectCommand final : public Command {
 public:
  void declare(CommandLine& app) override {
    app.add_option("INPUT", input_, "dump file; '-' is standard input").required();
    app.add_option("-f,--format", format_, "what to print").one_of({"text", "json"}).shows_default("text");
    app.add_flag("--all", all_, "every region and part, however many there are (json: always)");
    app.footer("Exit codes: 0 read whole, 2 usage, 3 some of the input could not be read, 4 internal error.");
  }

  int run() override {
    const auto input = open_input(input_, &stop_requested);
    if (!input) {
      write_stderr("dumpgate: " + printable(input.error().message) + "\n");
      return exit_hold;
    }
    Inspection inspection;
    inspection.input = input_;
    inspection.visit = visit_leaves(**input, Limits{}, stop_requested, inspection);
    write_stdout(format_ == "json" ? inspection_json(inspection) : inspection_text(inspection, all_));
    return inspection.visit.whole() ? 0 : exit_hold;
  }

 private:
  std::string input_{};
  std::string format_{};
  bool all_ = false;
};

constinit const CommandEntry inspect_instance{"inspect", "show the layers, regions and coverage of a dump",
                                              &make_command<InspectCommand>};

}  // namespace

constinit const CommandEntry& inspect_command = inspect_instance;

}  // namespace dumpgate
