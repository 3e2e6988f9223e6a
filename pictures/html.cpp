#include "pictures/html.hpp"

#include "base/printable.hpp"

#include <fmt/format.h>

#include <cstdint>

namespace vitrobeam {
namespace {

constexpr const char* kStyle = R"(
:root { color-scheme: light; --ink: #21262b; --soft: #5a646e; --line: #dfe3e7; --good: #1f7a4d; --bad: #b3341f; }
* { box-sizing: border-box; }
body { margin: 0; background: #fff; color: var(--ink); font: 16px/1.55 "Source Sans 3", "Segoe UI", Roboto,
  "Helvetica Neue", "DejaVu Sans", Arial, sans-serif; }
main { max-width: 76rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .3rem; font-weight: 650; letter-spacing: -.01em; }
.subtitle { color: var(--soft); margin: 0 0 2rem; }
h2 { font-size: 1.2rem; margin: 2.6rem 0 .8rem; padding-top: .9rem; border-top: 1px solid var(--line); font-weight: 650; }
p { max-width: 46rem; margin: .5rem 0 1rem; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 1.25rem; align-items: start; }
.wide { display: grid; gap: 1.25rem; }
figure { margin: 0; break-inside: avoid; }
figure img { max-width: 100%; height: auto; display: block; }
figcaption { color: var(--soft); font-size: .88rem; margin-top: .3rem; max-width: 38rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .92rem; font-variant-numeric: tabular-nums; margin: .4rem 0 1rem; }
th, td { text-align: left; padding: .32rem 1.4rem .32rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--soft); font-weight: 600; white-space: nowrap; }
td { max-width: 46rem; }
ul.audit { list-style: none; padding: 0; margin: .4rem 0 1rem; }
ul.audit li { padding: .22rem 0 .22rem 1.7rem; position: relative; }
ul.audit li::before { position: absolute; left: 0; font-weight: 700; }
ul.audit .good::before { content: "\2713"; color: var(--good); }
ul.audit .bad::before { content: "!"; left: .25rem; color: var(--bad); }
pre { background: #f5f6f8; padding: .8rem 1rem; overflow-x: auto; font: .84rem/1.5 ui-monospace, "DejaVu Sans Mono", monospace;
  border-radius: 4px; }
summary { cursor: pointer; color: var(--soft); }
@media print { main { max-width: none; padding: 0; } h2 { break-after: avoid; } pre { white-space: pre-wrap; }
  .pair { grid-template-columns: 1fr 1fr; } }
)";

// Displayed pixels per pixel of a picture: drawn at twice a screen's resolution, a little enlarged.
constexpr double kZoom = 0.575;

// The header of a PNG states its width in bytes 16 to 19, the highest first.
double png_width(const std::vector<std::byte>& png) {
  double width = 0;
  for (std::size_t i = 16; i < 20 && i < png.size(); ++i)
    width = 256 * width + std::to_integer<int>(png[i]);
  return width;
}

}  // namespace

std::string escape_html(const std::string& text) {
  std::string out;
  for (const char c : printable(text)) switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  return out;
}

std::string base64(const std::vector<std::byte>& bytes) {
  static constexpr char kAlphabet[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k)
      group =
          group << 8 | (i + k < bytes.size() ? std::to_integer<std::uint32_t>(bytes[i + k]) : 0);
    for (std::size_t k = 0; k < 4; ++k)
      out += i + k > bytes.size() ? '=' : kAlphabet[(group >> (18 - 6 * k)) & 63];
  }
  return out;
}

HtmlPage::HtmlPage(std::string title, std::string subtitle)
    : title_(std::move(title)), subtitle_(std::move(subtitle)) {}

void HtmlPage::heading(const std::string& text) { body_ += "<h2>" + escape_html(text) + "</h2>\n"; }

void HtmlPage::paragraph(const std::string& text) { body_ += "<p>" + escape_html(text) + "</p>\n"; }

void HtmlPage::pictures(const std::vector<PagePicture>& pictures, const std::string& layout) {
  body_ += "<div class=\"" + layout + "\">\n";
  for (const auto& p : pictures) {
    body_ += fmt::format("<figure><img width=\"{}\" alt=\"{}\" src=\"data:image/png;base64,{}\">",
                         int(kZoom * png_width(p.png)), escape_html(p.alternative), base64(p.png));
    if (!p.caption.empty()) body_ += "<figcaption>" + escape_html(p.caption) + "</figcaption>";
    body_ += "</figure>\n";
  }
  body_ += "</div>\n";
}

void HtmlPage::table(const std::vector<std::string>& head,
                     const std::vector<std::vector<std::string>>& rows) {
  body_ += "<div class=\"scroll\"><table><thead><tr>";
  for (const auto& h : head) body_ += "<th>" + escape_html(h) + "</th>";
  body_ += "</tr></thead>\n";
  for (const auto& row : rows) {
    body_ += "<tr>";
    for (const auto& cell : row) body_ += "<td>" + escape_html(cell) + "</td>";
    body_ += "</tr>\n";
  }
  body_ += "</table></div>\n";
}

void HtmlPage::audit(const std::vector<std::pair<bool, std::string>>& lines) {
  body_ += "<ul class=\"audit\">\n";
  for (const auto& [good, text] : lines)
    body_ += std::string("<li class=\"") + (good ? "good" : "bad") + "\">" + escape_html(text) +
             "</li>\n";
  body_ += "</ul>\n";
}

void HtmlPage::code(const std::string& text) { body_ += "<pre>" + escape_html(text) + "</pre>\n"; }

void HtmlPage::folded(const std::string& summary, const std::string& code_text) {
  body_ += "<details><summary>" + escape_html(summary) + "</summary><pre>" +
           escape_html(code_text) + "</pre></details>\n";
}

std::string HtmlPage::text() const {
  return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>" +
         escape_html(title_) + "</title>\n<style>" + kStyle +
         "</style>\n</head>\n<body>\n<main>\n<h1>" + escape_html(title_) +
         "</h1>\n<p class=\"subtitle\">" + escape_html(subtitle_) + "</p>\n" + body_ +
         "</main>\n</body>\n</html>\n";
}

}  // namespace vitrobeam
