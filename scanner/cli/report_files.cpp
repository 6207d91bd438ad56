#include "scanner/cli/report_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <map>
#include <stdexcept>
#include <system_error>
#include <tuple>
#include <utility>

#include "scanner/cli/command.h"
#include "scanner/cli/command_line.h"

namespace dumpgate {
namespace {

std::string reason() { return std::generic_category().message(errno); }  // why the last system call failed

}  // namespace

struct ReportFiles::Target {
  const ReportForm* form = nullptr;
  std::string path{};  // "" is stdout
  int descriptor = -1;
  bool first = true;

  Target() = default;
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;
  ~Target() {
    if (descriptor >= 0) (void)::close(descriptor);
  }

  void empty() const {
    struct stat status{};
    if (descriptor < 0 || (::fstat(descriptor, &status) == 0 && !S_ISREG(status.st_mode))) return;
    if (::ftruncate(descriptor, 0) != 0)
      throw std::runtime_error("cannot empty the report " + path + ": " + reason());
  }

  // A part of a report could be taken for a whole one: none is left.
  [[noreturn]] void give_up() const {
    const std::string why = reason();
    std::ignore = ::ftruncate(descriptor, 0);  // of a pipe the reader has the exit code
    throw std::runtime_error("cannot write the report " + path + ": " + why);
  }

  void put(std::string_view text) const {
    if (path.empty()) {
      write_stdout(text);
      return;
    }
    while (!text.empty()) {
      const ssize_t written = ::write(descriptor, text.data(), text.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) give_up();
      text.remove_prefix(static_cast<std::size_t>(written));
    }
  }
};

ReportFiles::ReportFiles() = default;
ReportFiles::~ReportFiles() = default;

void ReportFiles::declare(CommandLine& app) {
  app.add_option("-f,--format", format_, "form of the report on stdout: text, json, jsonl, sarif")
      .shows_default();
  app.add_option("--report", reports_, "a further report, as FORM=PATH (repeatable)").repeatable();
  app.add_option("--color", colour_, "auto, always or never").one_of({"auto", "always", "never"});
}

Result<void> ReportFiles::open(std::span<const Signature> signatures, std::span<const std::string> inputs) {
  const char* no_colour = std::getenv("NO_COLOR");  // NOLINT(concurrency-mt-unsafe): before any thread
  const bool plain = no_colour != nullptr && *no_colour != '\0';
  context_ = {.version = std::string(program_version),
              .signatures = signatures,
              .colour = colour_ == "always" || (colour_ == "auto" && !plain && isatty(STDOUT_FILENO) == 1)};
  if (const auto added = add(format_, ""); !added) return added.error();
  for (const std::string& entry : reports_) {
    const std::size_t equals = entry.find('=');
    if (equals == std::string::npos || equals + 1 == entry.size())
      return usage("--report: write FORM=PATH, not '" + entry + "'");
    if (const auto added = add(entry.substr(0, equals), entry.substr(equals + 1)); !added)
      return added.error();
  }
  if (const auto apart = check_apart(inputs); !apart) return apart.error();
  for (const auto& target : targets_) {
    target->empty();
    target->put(target->form->opening());
  }
  return {};
}

Result<void> ReportFiles::add(const std::string& form, const std::string& path) {
  auto target = std::make_unique<Target>();
  target->form = form_by_name(form);
  target->path = path;
  if (target->form == nullptr) return usage("no such report form: '" + form + "'");
  if (!path.empty()) {
    target->descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (target->descriptor < 0) return usage("cannot create the report " + path + ": " + reason());
  }
  targets_.push_back(std::move(target));
  return {};
}

// A slip of the hand must not cost the only copy of a dump.
Result<void> ReportFiles::check_apart(std::span<const std::string> inputs) const {
  std::map<std::pair<dev_t, ino_t>, std::string> taken;
  struct stat status{};
  for (const std::string& input : inputs)
    if ((input == "-" ? ::fstat(STDIN_FILENO, &status) : ::stat(input.c_str(), &status)) == 0)
      taken.emplace(std::pair(status.st_dev, status.st_ino), "the input " + input);
  for (const auto& target : targets_) {
    if (target->descriptor < 0 || ::fstat(target->descriptor, &status) != 0 || !S_ISREG(status.st_mode))
      continue;
    const auto [other, first] =
        taken.emplace(std::pair(status.st_dev, status.st_ino), "the report " + target->path);
    if (!first) return usage("the report " + target->path + " would overwrite " + other->second);
  }
  return {};
}

void ReportFiles::write(const ScanRecord& record, const Verdict& verdict) {
  for (const auto& target : targets_) {
    if (!std::exchange(target->first, false)) target->put(target->form->separator());
    ReportContext context = context_;
    context.colour = context.colour && target->path.empty();
    target->put(target->form->render(record, verdict, context));
  }
}

void ReportFiles::close() {
  for (const auto& target : targets_) {
    target->put(target->form->closing());
    if (target->descriptor >= 0 && ::fsync(target->descriptor) != 0 && errno != EINVAL && errno != EROFS)
      target->give_up();
  }
}

}  // namespace dumpgate
