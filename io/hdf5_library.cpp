#include "io/hdf5_library.hpp"

#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>

#include "io/hdf5_watch.hpp"

namespace vitrobeam::hdf5 {
namespace {

std::atomic<int> signal_of_watch = 0;
std::atomic<double> patience = kHdf5Patience;

std::recursive_mutex& library_mutex() {
  static std::recursive_mutex mutex;
  return mutex;
}

// Of this thread: a fault of another one is not the library's.
std::atomic<const char*>& file_being_read() {
  static thread_local std::atomic<const char*> file = nullptr;
  return file;
}

std::atomic<bool>& is_library_at_work() {
  static thread_local std::atomic<bool> at_work = false;
  return at_work;
}

// A timer of this thread's processor time, which sends it a signal.
class Watch {
 public:
  Watch() {
    sigevent event{};
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = signal_of_watch;
    event._sigev_un._tid = gettid();
    is_there_ = timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &timer_) == 0;
  }
  ~Watch() {
    if (is_there_) timer_delete(timer_);
  }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  void set(double seconds) {  // 0: never
    itimerspec when{};
    when.it_value.tv_sec = when.it_interval.tv_sec = time_t(seconds);
    if (is_there_) timer_settime(timer_, 0, &when, nullptr);
  }

 private:
  timer_t timer_{};
  bool is_there_ = false;
};

void watch(double seconds) {
  if (signal_of_watch == 0) return;
  static thread_local Watch of_thread;
  of_thread.set(seconds);
}

}  // namespace

AtWork::AtWork(bool library) : before_(is_library_at_work().exchange(library)) {}
AtWork::~AtWork() { is_library_at_work() = before_; }

LibraryLock::LibraryLock(const char* reads)
    : lock_(library_mutex()), before_(file_being_read().exchange(reads)) {
  static const bool prepared =
      H5dont_atexit() >= 0 && call(H5Eset_auto2, H5E_DEFAULT, nullptr, nullptr) >= 0;
  (void)prepared;
  if (reads && !before_) watch(patience);
}

LibraryLock::~LibraryLock() {
  if (file_being_read() && !before_) watch(0);
  file_being_read() = before_;
}

void LibraryLock::allow(double bytes) const {
  constexpr double kSlowest = 1e6;  // bytes/s
  constexpr double kMost = 1e8;     // s
  watch(std::min(patience + bytes / kSlowest, kMost));
}

std::string last_error() {
  std::string text;
  call(
      H5Ewalk2, H5E_DEFAULT, H5E_WALK_UPWARD,
      [](unsigned n, const H5E_error2_t* error, void* out) -> herr_t {
        const AtWork library(false);
        if (n == 0 && error->desc) *static_cast<std::string*>(out) = error->desc;
        return 0;
      },
      &text);
  return text;
}

Id string_type(std::size_t length, H5T_cset_t characters) {
  Id type = type_id(call(H5Tcopy, H5T_C_S1));
  call(H5Tset_size, type, length);
  call(H5Tset_cset, type, characters);
  if (length != H5T_VARIABLE) call(H5Tset_strpad, type, H5T_STR_NULLPAD);
  return type;
}

Id bool_type() {
  Id type = type_id(call(H5Tenum_create, H5T_NATIVE_INT8));
  const std::int8_t no = 0, yes = 1;
  call(H5Tenum_insert, type, "FALSE", &no);
  call(H5Tenum_insert, type, "TRUE", &yes);
  return type;
}

Id complex_type(hid_t real, std::size_t size) {
  Id type = type_id(call(H5Tcreate, H5T_COMPOUND, 2 * size));
  call(H5Tinsert, type, "r", 0, real);
  call(H5Tinsert, type, "i", size, real);
  return type;
}

Id make_space(const Shape& shape) {
  if (shape.empty()) return space_id(call(H5Screate, H5S_SCALAR));
  const std::vector<hsize_t> extent(shape.begin(), shape.end());
  return space_id(call(H5Screate_simple, int(extent.size()), extent.data(), nullptr));
}

bool exists_in(hid_t file, const std::string& path, hid_t access) {
  if (path.empty()) return false;
  if (path == "/") return true;
  for (auto slash = path.find('/', 1); slash != std::string::npos;
       slash = path.find('/', slash + 1))
    if (call(H5Lexists, file, path.substr(0, slash).c_str(), access) <= 0) return false;
  return call(H5Lexists, file, path.c_str(), access) > 0 &&
         call(H5Oexists_by_name, file, path.c_str(), access) > 0;
}

}  // namespace vitrobeam::hdf5

namespace vitrobeam {

void watch_hdf5_library(int signal, double seconds) {
  hdf5::patience = seconds;
  hdf5::signal_of_watch = signal;
}

const char* hdf5_file_being_read() {
  return hdf5::is_library_at_work() ? hdf5::file_being_read().load() : nullptr;
}

}  // namespace vitrobeam
