// The one way in which a user's mistake stops a computation, and the exit status that it carries.
#pragma once
#include <fmt/format.h>

#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace vitrobeam {

// The value is the exit status of the program.
enum class Fault {
  usage = 2,    // the command line or the configuration
  input = 3,    // an input file: name it, the line or dataset, and what was expected
  physics = 4,  // a request that has no valid answer on this grid, cell or detector
  machine = 5,  // disk full, memory, permissions
};

// How a face writes the name of a field: q_max is --q-max on the command line, q_max in Python.
using FieldName = std::function<std::string(std::string_view field)>;

// A message that may name fields of the settings. In its text a field is written @q_max; only
// `with_fields` knows how the reader's face writes it.
class Message {
 public:
  // `text`: fields are marked already, as marked() does it.
  explicit Message(std::string text) : text_(std::move(text)) {}
  std::string plain() const;  // fields by their own names
  std::string with_fields(const FieldName& name) const;
  Message after(const std::string& place) const { return Message(place + text_); }

  // Marks the fields of a text that a program wrote, before anything of a user enters it: an @ in
  // a file's name is no field.
  static std::string marked(std::string_view text);

 private:
  std::string text_;
};

template <typename... Args>
Message message(fmt::format_string<Args...> text, Args&&... args) {
  const fmt::string_view view = text;
  return Message(
      fmt::vformat(Message::marked({view.data(), view.size()}), fmt::make_format_args(args...)));
}

class Error : public std::runtime_error {
 public:
  Error(Fault fault, const Message& message)
      : std::runtime_error(message.plain()), fault_(fault), message_(message) {}
  Error(Fault fault, const std::string& text) : Error(fault, Message(text)) {}
  Fault fault() const { return fault_; }
  const Message& message() const { return message_; }

 private:
  Fault fault_;
  Message message_;
};

// The message says what is wrong, which value, and what to do about it. Fields of the settings are
// written @q_max.
template <typename... Args>
[[noreturn]] void fail(Fault fault, fmt::format_string<Args...> text, Args&&... args) {
  throw Error(fault, message(text, std::forward<Args>(args)...));
}

// Thrown where a computation was asked to stop (RunControl::stop); its results are lost.
struct Interrupted {};

}  // namespace vitrobeam
