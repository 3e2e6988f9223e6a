#include "runtime/work_units.hpp"

#include <atomic>
#include <chrono>
#include <cstring>
#include <mutex>
#include <thread>

#include "base/error.hpp"
#include "base/first_failure.hpp"
#include "runtime/ranks.hpp"

namespace vitrobeam {
namespace {

constexpr std::uint64_t kSettledRecord = ~std::uint64_t{0};

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// What a process tells the leader; `next` is answered with a Range.
enum Kind : int { kNext, kUnit, kAdvance, kDone };

template <typename T>
T value_of(std::span<const std::byte> bytes) {
  if (bytes.size() < sizeof(T)) fail(Fault::machine, "a message of another process is cut off");
  T value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

template <typename T>
std::span<const std::byte> bytes_of(const T& value) {
  return std::as_bytes(std::span(&value, 1));
}

// The leader's: gives out to its own threads and, through messages, to the other processes.
class LeaderQueue final : public UnitQueue {
 public:
  LeaderQueue(std::vector<std::size_t> units, Journal& journal, const WorkUnits::Shown& shown,
              const RunControl& run)
      : UnitQueue(std::move(units)),
        journal_(journal),
        run_(run),
        next_(ranges_in_turn(this->units().size())),
        stage_(run, shown.what, steps(this->units(), shown)) {}

  Range next(std::size_t most) override {
    return halted_ || run_.stopped() ? Range{} : next_(most);
  }
  void finish(std::size_t unit, std::span<const std::byte> bytes) override {
    journal_.append(unit, bytes);
  }
  void advance(std::size_t steps) override { stage_.advance(steps); }
  void halt() { halted_ = true; }

  // Answers the other processes until all are done.
  void serve() {
    constexpr int kTriesBeforeNap = 200;
    int active = ranks().count() - 1, tries = 0;
    while (active > 0) {
      const auto message = ranks().receive_if_any();
      if (!message) {
        if (++tries > kTriesBeforeNap) std::this_thread::sleep_for(std::chrono::microseconds(100));
        continue;
      }
      tries = 0;
      active -= message->kind == kDone;
      failure_.guard([&] { answer(*message); });
      if (failure_.halted()) halt();
    }
  }
  void rethrow() const { failure_.rethrow(); }

 private:
  static std::size_t steps(const std::vector<std::size_t>& units, const WorkUnits::Shown& shown) {
    std::size_t sum = 0;
    for (const std::size_t u : units) sum += shown.steps_of(u);
    return sum;
  }

  void answer(const Ranks::Message& m) {
    const std::span<const std::byte> bytes = m.bytes;
    if (m.kind == kNext)
      ranks().send(m.from, kNext, bytes_of(next(value_of<std::size_t>(bytes))));
    else if (m.kind == kUnit && !halted_)
      finish(value_of<std::size_t>(bytes), bytes.subspan(sizeof(std::size_t)));
    else if (m.kind == kAdvance)
      advance(value_of<std::size_t>(bytes));
  }

  Journal& journal_;
  const RunControl& run_;
  NextRange next_;
  Stage stage_;
  std::atomic<bool> halted_ = false;
  FirstFailure failure_;
};

// That of any other process.
class FollowerQueue final : public UnitQueue {
 public:
  FollowerQueue(std::vector<std::size_t> units, const RunControl& run)
      : UnitQueue(std::move(units)), run_(run) {}

  Range next(std::size_t most) override {
    if (run_.stopped()) return {};
    const std::lock_guard lock(mutex_);
    ranks().send(0, kNext, bytes_of(most));
    return value_of<Range>(ranks().receive(0).bytes);
  }
  void finish(std::size_t unit, std::span<const std::byte> bytes) override {
    const auto number = bytes_of(unit);
    std::vector<std::byte> message(number.begin(), number.end());
    message.insert(message.end(), bytes.begin(), bytes.end());
    const std::lock_guard lock(mutex_);
    ranks().send(0, kUnit, message);
  }
  void advance(std::size_t steps) override {
    const std::lock_guard lock(mutex_);
    ranks().send(0, kAdvance, bytes_of(steps));
  }
  void done() { ranks().send(0, kDone, {}); }

 private:
  const RunControl& run_;
  std::mutex mutex_;
};

void lead(LeaderQueue& queue, const std::function<void(UnitQueue&)>& work) {
  std::thread service;
  if (ranks().count() > 1) service = std::thread([&] { queue.serve(); });
  FirstFailure own;
  own.guard([&] { work(queue); });
  if (own.halted()) queue.halt();
  if (service.joinable()) service.join();
  own.rethrow();
  queue.rethrow();
}

}  // namespace

WorkUnits::WorkUnits(const std::string& path, const std::string& identity, bool resume,
                     std::size_t count)
    : path_(path), identity_(identity), resume_(resume), count_(count) {
  if (ranks().is_leader()) journal_ = std::make_unique<Journal>(path, identity, !resume);
  done_ = count - missing({0, count}).size();
}

WorkUnits::~WorkUnits() {
  if (journal_ && saved().empty()) journal_->remove();
}

std::string WorkUnits::settled(const std::function<std::string()>& choose) {
  std::string choice;
  if (journal_ && journal_->has(kSettledRecord)) {
    choice = text_of(journal_->read(kSettledRecord));
  } else if (journal_) {
    choice = choose();
    journal_->append(kSettledRecord, std::as_bytes(std::span(choice)));
  }
  return ranks().from_leader(choice);
}

std::vector<std::size_t> WorkUnits::missing(Range range) const {
  std::vector<std::size_t> units;
  for (std::size_t i = range.first; journal_ && i < range.last; ++i)
    if (!journal_->has(i)) units.push_back(i);
  const std::string all = ranks().from_leader(
      {reinterpret_cast<const char*>(units.data()), units.size() * sizeof(std::size_t)});
  units.resize(all.size() / sizeof(std::size_t));
  std::memcpy(units.data(), all.data(), all.size());
  return units;
}

bool WorkUnits::share_out(Range range, const Shown& shown, const RunControl& run,
                          const std::function<void(UnitQueue&)>& work) {
  const std::vector<std::size_t> units = missing(range);
  if (units.empty()) return true;
  if (journal_) {
    LeaderQueue queue(units, *journal_, shown, run);
    lead(queue, work);
  } else {
    FollowerQueue queue(units, run);
    work(queue);
    queue.done();
  }
  return missing(range).empty();
}

bool WorkUnits::share_out_units(Range range, const Shown& shown, const RunControl& run,
                                const std::function<std::vector<std::byte>(std::size_t)>& make) {
  return share_out(range, shown, run, [&](UnitQueue& queue) {
    FirstFailure failure;
#pragma omp parallel num_threads(run.threads)
    while (!failure.halted()) {
      const Range next = queue.next(1);
      if (next.empty()) break;
      failure.guard([&] {
        const std::size_t unit = queue.units()[next.first];
        queue.finish(unit, make(unit));
        queue.advance(shown.steps_of(unit));
      });
    }
    failure.rethrow();
  });
}

std::vector<std::size_t> WorkUnits::saved() const {
  std::vector<std::size_t> units;
  for (std::size_t i = 0; i < count_; ++i)
    if (journal_->has(i)) units.push_back(i);
  return units;
}

std::vector<std::byte> WorkUnits::read(std::size_t unit) const { return journal_->read(unit); }

std::vector<std::byte> WorkUnits::read_everywhere(std::size_t unit) const {
  const std::string text = ranks().from_leader(journal_ ? text_of(read(unit)) : "");
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

void WorkUnits::remove_journal() {
  if (journal_) journal_->remove();
  journal_.reset();
}

}  // namespace vitrobeam
