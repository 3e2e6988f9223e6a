// The processes of one run. mpirun (or srun) starts several, which share the units of work
// (work_units.hpp); without it there is one, and MPI is never initialised. mpi.h stands in
// ranks.cpp only.
#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace vitrobeam {

class Ranks {
 public:
  // Looks for a launcher in the environment: nothing is paid without one.
  Ranks();
  ~Ranks();  // waits for the others
  Ranks(const Ranks&) = delete;
  Ranks& operator=(const Ranks&) = delete;

  int count() const { return count_; }
  int on_this_node() const { return on_this_node_; }
  int rank() const { return rank_; }
  // The one that prints, keeps the journal and writes the file.
  bool is_leader() const { return rank_ == 0; }

  // Everyone gets the leader's text. Collective.
  std::string from_leader(const std::string& text) const;

  // Messages; one thread at a time.
  struct Message {
    int from, kind;
    std::vector<std::byte> bytes;
  };
  void send(int to, int kind, std::span<const std::byte> bytes) const;
  Message receive(int from) const;                // waits
  std::optional<Message> receive_if_any() const;  // from anyone

  // Ends all processes. A process that is not the leader waits a moment: the leader has met the
  // same error more often than not, and reports it once.
  void let_leader_fail_first() const;
  void end_all(int status) const;  // returns when there is one process

 private:
  int count_ = 1, rank_ = 0, on_this_node_ = 1;
};

// The processes of this run, joined on the first call (in main).
const Ranks& ranks();

}  // namespace vitrobeam
