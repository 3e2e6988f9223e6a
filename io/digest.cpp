#include "io/digest.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <utility>

#include "base/error.hpp"
#include "io/hdf5.hpp"

namespace vitrobeam {
namespace {

// Of everything that `next` hands over until it hands over nothing.
template <typename Next>
std::string sha256(Next next) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        EVP_MD_CTX_free);
  EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr);
  for (std::string_view part = next(); !part.empty(); part = next())
    EVP_DigestUpdate(context.get(), part.data(), part.size());
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  EVP_DigestFinal_ex(context.get(), digest, &length);
  std::string hex;
  for (unsigned i = 0; i < length; ++i) hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

const ParameterRecord* audit_entry(const RunRecord& record, std::string_view name) {
  const auto at = std::find_if(record.audit.begin(), record.audit.end(),
                               [name](const ParameterRecord& a) { return a.name == name; });
  return at == record.audit.end() ? nullptr : &*at;
}

}  // namespace

std::string file_sha256(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) fail(Fault::input, "{}: cannot be read", path);
  std::vector<char> block(1 << 16);
  return sha256([&] {
    file.read(block.data(), std::streamsize(block.size()));
    return std::string_view(block.data(), std::size_t(file.gcount()));
  });
}

std::string text_sha256(std::string_view text) {
  return sha256([&] { return std::exchange(text, {}); });
}

std::string atoms_sha256(const Atoms& atoms) {
  std::string bytes;
  const auto put = [&](const void* data, std::size_t size) {
    bytes.append(static_cast<const char*>(data), size);
  };
  for (std::size_t i = 0; i < atoms.size(); ++i) {
    put(&atoms.numbers[i], sizeof atoms.numbers[i]);
    put(atoms.positions[i].data(), 3 * sizeof(double));
  }
  for (const auto& [name, label] : atoms.labels) {
    bytes += name;
    if (const auto* values = std::get_if<std::vector<double>>(&label.values))
      put(values->data(), values->size() * sizeof(double));
  }
  return text_sha256(bytes);
}

void name_run(RunRecord& r, const std::vector<std::string>& inputs, const std::string& version) {
  std::vector<std::string> digests;
  for (const auto& i : inputs) digests.push_back(file_sha256(i));
  r.audit.push_back({"input", "", inputs});
  r.audit.push_back({"input_sha256", "", digests});
  std::string all = r.command + version +
                    r.ini.substr(r.ini.find('\n') + 1);  // not the file names of its first line
  for (const auto& d : digests) all += d;
  r.audit.push_back({"run_sha256", "", text_sha256(all)});
}

std::string run_digest(const RunRecord& record) {
  const ParameterRecord* entry = audit_entry(record, "run_sha256");
  return entry ? std::get<std::string>(entry->value) : std::string();
}

std::vector<std::string> input_digests(const RunRecord& record) {
  const ParameterRecord* entry = audit_entry(record, "input_sha256");
  return entry ? std::get<std::vector<std::string>>(entry->value) : std::vector<std::string>();
}

bool is_complete(const std::string& path, const RunRecord& record) {
  if (!std::filesystem::exists(path)) return false;
  const Hdf5Reader file(path);
  return file.has_attribute("/audit", "run_sha256") &&
         file.string_attribute("/audit", "run_sha256") == run_digest(record);
}

bool is_of_other_input(const std::string& path, const RunRecord& record) {
  const Hdf5Reader file(path);
  if (!file.exists("/audit") || !file.has_attribute("/audit", "input_sha256")) return false;
  const AttributeValue theirs = file.attribute("/audit", "input_sha256");
  const auto* other = std::get_if<std::vector<std::string>>(&theirs);
  const std::vector<std::string> own = input_digests(record);
  return other && !other->empty() && !own.empty() && own.front() != other->front();
}

}  // namespace vitrobeam
