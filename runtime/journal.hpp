// The finished units of a run, appended to a file as they come, so that a killed run continues
// where it stopped.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <vector>

namespace vitrobeam {

// Each record is a unit's index, its bytes and a check sum; a record that was cut off or damaged is
// dropped on opening.
class Journal {
 public:
  // Opens `path`, or starts it, for itself alone: Error{usage} while another process has it.
  // `identity` names the run (a digest of its parameters and inputs): a
  // journal of another run is refused with Error{usage}, never overwritten unless `start_over`.
  Journal(std::string path, const std::string& identity, bool start_over);
  ~Journal();  // a journal without records leaves no file
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // Whether a file begins as one; no link does.
  static bool is_journal(const std::string& path);

  bool has(std::uint64_t index) const { return records_.contains(index); }
  std::size_t size() const { return records_.size(); }

  // Thread-safe. Throws Error{machine} when the disk refuses; what was written before stays usable.
  void append(std::uint64_t index, std::span<const std::byte> bytes);
  std::vector<std::byte> read(std::uint64_t index) const;

  void remove();  // the run is whole: the journal goes

 private:
  struct Place {
    std::uint64_t offset, size;
    std::uint32_t checksum;
  };
  std::string path_;
  int file_ = -1;
  std::uint64_t end_ = 0;
  std::map<std::uint64_t, Place> records_;
  std::mutex mutex_;
};

}  // namespace vitrobeam
