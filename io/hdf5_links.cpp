#include "io/hdf5_links.hpp"

#include <algorithm>
#include <cstring>

#include "base/error.hpp"

namespace vitrobeam::hdf5 {
namespace {

namespace fs = std::filesystem;

fs::path folder_of(const fs::path& file) {
  const fs::path parent = file.parent_path();
  return parent.empty() ? fs::path(".") : parent;
}

fs::path real(const fs::path& path) {
  std::error_code none;
  const fs::path found = fs::weakly_canonical(path, none);
  return none ? path.lexically_normal() : found;
}

bool lies_in(const fs::path& path, const fs::path& folder) {
  const auto [in_folder, in_path] =
      std::mismatch(folder.begin(), folder.end(), path.begin(), path.end());
  return in_folder == folder.end() && in_path != path.end();
}

// As HDF5 looks for it: beside the file that names it; an absolute path as it is, or else its last
// part beside the file.
fs::path place_of(const fs::path& from, const fs::path& target) {
  std::error_code none;
  if (target.is_relative()) return from / target;
  return fs::exists(target, none) ? target : from / target.filename();
}

std::string text_of(hid_t object, ssize_t (*get)(hid_t, char*, std::size_t)) {
  const ssize_t length = get(object, nullptr, 0);
  std::string text(length > 0 ? std::size_t(length) : 0, '\0');
  if (length > 0) get(object, text.data(), text.size() + 1);
  return text;
}

}  // namespace

LinkPolicy::LinkPolicy(const std::string& file, bool anywhere)
    : file_(file),
      folder_(real(folder_of(file))),
      real_folder_(folder_of(real(file))),
      anywhere_(anywhere),
      access_(property_id(call(H5Pcreate, H5P_DATASET_ACCESS))) {
  call(H5Pset_elink_cb, access_, on_external_link, this);
}

LinkPolicy::Refusal LinkPolicy::refusal(const fs::path& from, const std::string& target) const {
  const fs::path place = place_of(from, target);
  std::error_code none;
  if (!anywhere_) {
    const fs::path where = real(place);
    if (!lies_in(where, folder_) && !lies_in(where, real_folder_)) return {target, true};
  }
  if (!fs::is_regular_file(place, none)) return {target, false};
  return {};
}

void LinkPolicy::refuse(const std::string& what, const Refusal& r) const {
  if (r.outside)
    fail(
        Fault::input,
        "{}: {} leads to {}, which lies outside of its folder; @follow_links reads it all the same",
        file_, what, r.target);
  fail(Fault::input, "{}: {} leads to {}, which is not there", file_, what, r.target);
}

void LinkPolicy::check_followed(const std::string& what) const {
  if (!refused_.target.empty()) refuse(what, refused_);
}

herr_t LinkPolicy::on_external_link(const char* parent_file, const char*, const char* child_file,
                                    const char*, unsigned*, hid_t, void* policy) {
  const AtWork library(false);
  auto& self = *static_cast<LinkPolicy*>(policy);
  try {
    const Refusal r = self.refusal(folder_of(parent_file ? parent_file : ""), child_file);
    if (r.target.empty()) return 0;
    self.refused_ = r;
  } catch (...) {  // the library is C: nothing may pass through it
  }
  return -1;
}

Id LinkPolicy::open_dataset(hid_t file, const std::string& path) {
  bool raw = false;
  {
    Id dataset = dataset_id(call(H5Dopen2, file, path.c_str(), access_));
    if (dataset < 0) return dataset;
    check_sources(dataset, path);
    const Id properties = property_id(call(H5Dget_create_plist, dataset));
    raw = call(H5Pget_external_count, properties) > 0;
    if (!raw) return dataset;
  }
  // raw files lie beside the file, not in the folder where the program runs; only a dataset that is
  // opened anew can be given this prefix
  const Id beside = property_id(call(H5Pcopy, access_));
  call(H5Pset_efile_prefix, beside, "${ORIGIN}");
  return dataset_id(call(H5Dopen2, file, path.c_str(), beside));
}

void LinkPolicy::check_raw_files(hid_t properties, const fs::path& from,
                                 const std::string& path) const {
  const int files = call(H5Pget_external_count, properties);
  constexpr std::size_t kLongest = 4096;
  for (int k = 0; k < files; ++k) {
    std::string name(kLongest, '\0');
    off_t offset = 0;
    hsize_t size = 0;
    if (call(H5Pget_external, properties, unsigned(k), name.size(), name.data(), &offset, &size) <
        0)
      fail(Fault::input, "{}: the raw values of {} cannot be found", file_, path);
    name.resize(::strnlen(name.data(), name.size()));
    if (const Refusal r = refusal(from, name); !r.target.empty()) refuse(path, r);
  }
}

void LinkPolicy::check_virtual(hid_t properties, const fs::path& from, const std::string& path,
                               int depth) {
  std::size_t count = 0;
  if (call(H5Pget_virtual_count, properties, &count) < 0)
    fail(Fault::input, "{}: the sources of {} cannot be found", file_, path);
  for (std::size_t k = 0; k < count; ++k) {
    const auto named = [&](ssize_t (*get)(hid_t, std::size_t, char*, std::size_t)) {
      const ssize_t length = get(properties, k, nullptr, 0);
      std::string text(length > 0 ? std::size_t(length) : 0, '\0');
      if (length > 0) get(properties, k, text.data(), text.size() + 1);
      return text;
    };
    std::string source = named(H5Pget_virtual_filename), dataset = named(H5Pget_virtual_dsetname);
    for (std::string* text : {&source, &dataset})  // blocks counted in the name: the first one
      if (const auto at = text->find("%b"); at != std::string::npos) text->replace(at, 2, "0");
    const std::string key = (from / source).string() + ":" + dataset;
    if (source == "." || !checked_.insert(key).second) continue;
    if (const Refusal r = refusal(from, source); !r.target.empty()) refuse(path, r);
    const fs::path place = place_of(from, source);
    const Id file{call(H5Fopen, place.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose};
    clear();
    const Id there{file < 0 ? -1 : call(H5Dopen2, file, dataset.c_str(), access_), H5Dclose};
    check_followed(path);
    if (there < 0)
      fail(Fault::input, "{}: {} takes values from {} in {}, which cannot be opened", file_, path,
           dataset, source);
    check_sources(there, path, depth + 1);
  }
}

void LinkPolicy::check_sources(hid_t dataset, const std::string& path) {
  if (!checked_.insert(path).second) return;
  try {
    check_sources(dataset, path, 0);
  } catch (...) {
    checked_.clear();
    throw;
  }
}

void LinkPolicy::check_sources(hid_t dataset, const std::string& path, int depth) {
  constexpr int kDeepest = 8;
  if (depth > kDeepest)
    fail(Fault::input, "{}: {} takes values from a file that takes them from another, {} times",
         file_, path, depth);
  const Id properties = property_id(call(H5Dget_create_plist, dataset));
  const fs::path from = folder_of(text_of(dataset, H5Fget_name));
  check_raw_files(properties, from, path);
  if (call(H5Pget_layout, properties) == H5D_VIRTUAL) check_virtual(properties, from, path, depth);
}

}  // namespace vitrobeam::hdf5
