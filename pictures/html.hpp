// One self-contained HTML page: no script, no network, pictures inside.
#pragma once
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace vitrobeam {

std::string escape_html(const std::string& text);
std::string base64(const std::vector<std::byte>& bytes);  // RFC 4648

struct PagePicture {
  std::vector<std::byte> png;
  std::string alternative, caption;
};

class HtmlPage {
 public:
  explicit HtmlPage(std::string title, std::string subtitle = "");

  // All text is escaped here.
  void heading(const std::string& text);
  void paragraph(const std::string& text);
  void pictures(const std::vector<PagePicture>& pictures,
                const std::string& layout = "pair");  // or "wide"
  void table(const std::vector<std::string>& head,
             const std::vector<std::vector<std::string>>& rows);
  void audit(const std::vector<std::pair<bool, std::string>>& lines);
  void code(const std::string& text);
  void folded(const std::string& summary, const std::string& code_text);  // opens on a click

  std::string text() const;  // the page

 private:
  std::string title_, subtitle_, body_;
};

}  // namespace vitrobeam
