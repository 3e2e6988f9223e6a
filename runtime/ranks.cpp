#include "runtime/ranks.hpp"

#include <chrono>
#include <cstdlib>
#include <string_view>
#include <thread>

#include "base/error.hpp"

#define OMPI_SKIP_MPICXX 1
#include <mpi.h>

namespace vitrobeam {
namespace {

constexpr auto kNap = std::chrono::microseconds(500);

// Open MPI's mpirun says how many processes it started; PMIx and PMI (srun, hydra) only that they
// are there.
bool was_launched() {
  if (const char* n = std::getenv("OMPI_COMM_WORLD_SIZE")) return std::string_view(n) != "1";
  return std::getenv("PMIX_RANK") || std::getenv("PMI_RANK");
}

}  // namespace

Ranks::Ranks() {
  if (!was_launched()) return;
  int provided = 0;
  if (MPI_Init_thread(nullptr, nullptr, MPI_THREAD_SERIALIZED, &provided) != MPI_SUCCESS ||
      provided < MPI_THREAD_SERIALIZED)
    fail(Fault::machine, "this MPI library cannot be called from threads; run without mpirun");
  MPI_Comm_size(MPI_COMM_WORLD, &count_);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
  MPI_Comm node = MPI_COMM_NULL;
  MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, rank_, MPI_INFO_NULL, &node);
  MPI_Comm_size(node, &on_this_node_);
  MPI_Comm_free(&node);
}

Ranks::~Ranks() {
  int is_open = 0;
  MPI_Initialized(&is_open);
  if (!is_open) return;
  // MPI's own barrier would keep a core busy while the leader writes the file
  MPI_Request all = MPI_REQUEST_NULL;
  MPI_Ibarrier(MPI_COMM_WORLD, &all);
  for (int here = 0;;) {
    MPI_Test(&all, &here, MPI_STATUS_IGNORE);
    if (here) break;
    std::this_thread::sleep_for(kNap);
  }
  MPI_Finalize();
}

std::string Ranks::from_leader(const std::string& text) const {
  if (count_ == 1) return text;
  std::uint64_t size = text.size();
  MPI_Bcast(&size, 1, MPI_UINT64_T, 0, MPI_COMM_WORLD);
  std::string all = is_leader() ? text : std::string(size, '\0');
  constexpr std::uint64_t kMost = 1 << 30;  // MPI counts in int
  for (std::uint64_t at = 0; at < size; at += kMost)
    MPI_Bcast(all.data() + at, int(std::min(kMost, size - at)), MPI_BYTE, 0, MPI_COMM_WORLD);
  return all;
}

void Ranks::send(int to, int kind, std::span<const std::byte> bytes) const {
  MPI_Send(bytes.data(), int(bytes.size()), MPI_BYTE, to, kind, MPI_COMM_WORLD);
}

Ranks::Message Ranks::receive(int from) const {
  MPI_Message found = MPI_MESSAGE_NULL;
  MPI_Status status;
  MPI_Mprobe(from, MPI_ANY_TAG, MPI_COMM_WORLD, &found, &status);
  int size = 0;
  MPI_Get_count(&status, MPI_BYTE, &size);
  Message message{status.MPI_SOURCE, status.MPI_TAG, std::vector<std::byte>(std::size_t(size))};
  MPI_Mrecv(message.bytes.data(), size, MPI_BYTE, &found, MPI_STATUS_IGNORE);
  return message;
}

std::optional<Ranks::Message> Ranks::receive_if_any() const {
  int is_there = 0;
  MPI_Status status;
  MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &is_there, &status);
  if (!is_there) return std::nullopt;
  return receive(status.MPI_SOURCE);
}

void Ranks::let_leader_fail_first() const {
  if (!is_leader()) std::this_thread::sleep_for(std::chrono::seconds(2));
}

void Ranks::end_all(int status) const {
  if (count_ > 1) MPI_Abort(MPI_COMM_WORLD, status);
}

const Ranks& ranks() {
  static const Ranks all;
  return all;
}

}  // namespace vitrobeam
