// Result<T>: a value or the Error that prevented it. The one rule: damage found in a dump is not an Error but
// a Gap (io/gap.h); an Error means that nothing more can come from this source.
//
// The members carry the names of C++23's std::expected, which g++ 12 has only under -std=c++23.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace dumpgate {

enum class ErrorCode : std::uint8_t {
  io,           // the operating system refused
  truncated,    // the data ends before the format says it does
  corrupt,      // the data contradicts its own format
  encrypted,    // readable only with a secret we do not have
  unsupported,  // recognised, and not implemented
  limit,        // a configured limit was reached
  usage,        // the person asked for something that makes no sense
  internal,     // a defect in this program
};

struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string message{};                  // for a person; never bytes from the dump
  std::optional<std::uint64_t> offset{};  // where, when there is a where
};

// What was asked cannot be done, and why.
inline Error usage(std::string message) { return {ErrorCode::usage, std::move(message), std::nullopt}; }
// What was read cannot be what it claims to be.
inline Error corrupt(std::string message) { return {ErrorCode::corrupt, std::move(message), std::nullopt}; }

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const& { return std::get<1>(state_); }
  Error&& error() && { return std::get<1>(std::move(state_)); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  bool has_value() const noexcept { return !error_.has_value(); }
  explicit operator bool() const noexcept { return has_value(); }
  const Error& error() const { return error_.value(); }

 private:
  std::optional<Error> error_{};
};

}  // namespace dumpgate
