// Where an HDF5 file may lead: external links, virtual datasets and raw values in other files are
// followed inside of the file's own folder only, unless the user says otherwise. Included by
// io/hdf5_*.cpp only.
#pragma once
#include <filesystem>
#include <set>
#include <string>

#include "io/hdf5_library.hpp"

namespace vitrobeam::hdf5 {

class LinkPolicy {
 public:
  // `anywhere`: also outside of the folder.
  LinkPolicy(const std::string& file, bool anywhere);
  LinkPolicy(const LinkPolicy&) = delete;
  LinkPolicy& operator=(const LinkPolicy&) = delete;

  // Access properties of links and datasets under which every external link is checked first.
  hid_t access() const { return access_; }
  // The dataset of that path with its sources checked; negative if it cannot be opened.
  Id open_dataset(hid_t file, const std::string& path);
  // Error{input} naming the target, if a link was not followed since clear(); `what` led there.
  void check_followed(const std::string& what) const;
  void clear() { refused_ = {}; }
  // Error{input} naming what is missing or refused, if the values of the dataset lie in other
  // files. `path` names it.
  void check_sources(hid_t dataset, const std::string& path);

 private:
  static herr_t on_external_link(const char* parent_file, const char* parent_group,
                                 const char* child_file, const char* child_object, unsigned* flags,
                                 hid_t file_access, void* policy);
  struct Refusal {
    std::string target;  // empty: may be read
    bool outside = false;
  };
  Refusal refusal(const std::filesystem::path& from, const std::string& target) const;
  [[noreturn]] void refuse(const std::string& what, const Refusal& refusal) const;
  void check_sources(hid_t dataset, const std::string& path, int depth);
  void check_raw_files(hid_t properties, const std::filesystem::path& from,
                       const std::string& path) const;
  void check_virtual(hid_t properties, const std::filesystem::path& from, const std::string& path,
                     int depth);

  std::string file_;
  std::filesystem::path folder_, real_folder_;
  bool anywhere_;
  Id access_;
  Refusal refused_;
  std::set<std::string> checked_;
};

}  // namespace vitrobeam::hdf5
