// Exceptions and parallel regions: none may leave one.
#pragma once
#include <atomic>
#include <exception>
#include <mutex>

namespace vitrobeam {

// Keeps the first exception of a parallel region, to be thrown again behind it.
class FirstFailure {
 public:
  template <typename Work>
  void guard(Work&& work) {
    try {
      work();
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!failure_) failure_ = std::current_exception();
      halted_ = true;
    }
  }
  bool halted() const { return halted_; }  // the rest need not be done
  void rethrow() const {
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  std::exception_ptr failure_;
  std::mutex mutex_;
  std::atomic<bool> halted_ = false;
};

}  // namespace vitrobeam
