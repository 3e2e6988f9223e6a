#!/usr/bin/python3
"""README.md and docs/ say what the program does: readme_test.py PROGRAM SOURCE_DIR [--update]. Standard library only.

Runs the commands ("$ ") of README's console blocks in order in an empty folder and compares what they print. Times, file
sizes, revisions and check sums are ignored; words must agree, and numbers to a unit of their last digit, which another processor may round otherwise.
Every option, file and command that a document names must exist, and docs/result-file.md must name every dataset that these
commands wrote. --update writes the real output into README.md."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

program, source = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
readme = source / "README.md"
documents = [readme, source / "CONTRIBUTING.md", source / "CHANGELOG.md", *sorted((source / "docs").rglob("*.md"))]
documents = [d for d in documents if d.exists()]
folder = pathlib.Path(tempfile.mkdtemp(prefix="vitrobeam_readme_test_"))
(folder / "examples").symlink_to(source / "examples")
environment = {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8"}

# Options of other programs that documents name.
foreign = {"--sanitize", "--preset", "--build", "--target", "--no-install", "--version", "--update"}
ignored = [(r"\b[0-9a-f]{12,64}(-dirty)?\b", "HASH"), (r"\bunknown revision\b", "HASH"), (r"[\d.]+ s\b", "TIME"),
           (r"[\d.]+ [kMG]?B\b", "SIZE")]
number = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e[-+]?\d+)?")
complaints = []


def console_blocks(text):
    """(first line, last line excluded) of every console block, between its fences."""
    lines, start = text.splitlines(), None
    for i, line in enumerate(lines):
        if line == "```console":
            start = i + 1
        elif line == "```" and start is not None:
            yield start, i
            start = None


def commands(lines):
    """[command, [lines of output]] of a console block; a trailing backslash continues a command."""
    out = []
    for line in lines:
        if out and out[-1][0].endswith("\\"):
            out[-1][0] += "\n" + line
        elif line.startswith("$ "):
            out.append([line[2:], []])
        else:
            out[-1][1].append(line)
    return out


def without_what_varies(line):
    for pattern, word in ignored:
        line = re.sub(pattern, word, line)
    return line


def unit_of_last_place(text):
    digits, _, exponent = text.partition("e")
    return 10.0 ** (int(exponent or 0) - len(digits.partition(".")[2]))


def agree(shown, real):
    shown, real = without_what_varies(shown), without_what_varies(real)
    if number.sub("#", shown).split() != number.sub("#", real).split():
        return False
    pairs = zip(number.findall(shown), number.findall(real))
    return all(abs(float(a) - float(b)) <= 1.001 * unit_of_last_place(a) for a, b in pairs)


def compare(command, shown, done):
    """The program's messages come through standard error, in an order of their own."""
    is_message = lambda line: line.startswith("vitrobeam: ")
    for what, real in [("output", done.stdout), ("messages", done.stderr)]:
        expected = [line for line in shown if is_message(line) == (what == "messages")]
        real = real.splitlines()
        if len(expected) != len(real) or not all(map(agree, expected, real)):
            complaints.append("\n".join([f"README.md: $ {command}", f"  {what} shown:", *expected, "  real:", *real]))


def run_readme(update):
    lines = readme.read_text().splitlines()
    for start, end in reversed(list(console_blocks(readme.read_text()))) if update else []:
        lines[start:end] = [f"@block {start} {end}"]
    text, original = "\n".join(lines) + "\n", readme.read_text().splitlines()
    for start, end in console_blocks(readme.read_text()):
        block = []
        for command, shown in commands(original[start:end]):
            # line by line, so that output and messages come as in a terminal; the test itself must do without: a
            # sanitized program does not bear the preloaded library
            shell = ["stdbuf", "-oL", "sh", "-c", command] if update else ["sh", "-c", command]
            done = subprocess.run(shell, cwd=folder, env=environment, text=True, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT if update else subprocess.PIPE)
            block += ["$ " + command, *done.stdout.splitlines()]
            if done.returncode != 0:
                complaints.append(f"README.md: $ {command}\n  status {done.returncode}: {done.stdout}{done.stderr}")
            elif not update:
                compare(command, shown, done)
        text = text.replace(f"@block {start} {end}", "\n".join(block))
    if update:
        readme.write_text(text)


def help_of(*names):
    return subprocess.run([program, *names, "--help"], capture_output=True, text=True, check=True).stdout


def options_by_command():
    options = {}
    for name in re.findall(r"^  ([a-z]+) ", help_of(), re.M):
        text = help_of(name)
        text += "".join(help_of(name, action) for action in set(re.findall(rf"vitrobeam {name} ([a-z]+) (?!.*--help)", text)))
        if f"vitrobeam {name} KIND --help" in text:  # a table of kinds, each with its own options
            text += "".join(help_of(name, kind) for kind in re.findall(r"^  ([a-z][a-z-]+)(?: FILE)? {2,}\S", text, re.M)
                            if kind != "name")
        options[name] = set(re.findall(r"--[a-z][a-z-]*", text))
    return options


def check_names(document, options):
    text, where = document.read_text(), document.relative_to(source)
    known = set.union(*options.values()) | foreign
    for option in sorted(set(re.findall(r"(?<![\w-])--[a-z][a-z-]*[a-z]", text)) - known):
        complaints.append(f"{where}: no command has {option}")
    for name, rest in re.findall(r"vitrobeam ([a-z]+)\b((?:[^\n`]*\\\n)*[^\n`|;]*)", text):
        for option in re.findall(r"(?<![\w-])--[a-z][a-z-]*[a-z]", rest):
            if name in options and option not in options[name] | foreign:
                complaints.append(f"{where}: vitrobeam {name} has no {option}")
    for path in re.findall(r"`((?:[\w.-]+/)+[\w.-]+\.(?:hpp|cpp|py|sh|md|csv|cmake))`", text):
        if "NAME" not in path and not (source / path).exists():
            complaints.append(f"{where}: no file {path}")
    for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
        if not (document.parent / link).exists():
            complaints.append(f"{where}: no file {link}")


def check_result_files():
    """What stands in the files that README's commands made has its line in docs/result-file.md."""
    words = set(re.findall(r"\w+", (source / "docs/result-file.md").read_text()))
    for path in sorted(folder.glob("*.h5")):
        info = json.loads(subprocess.run([program, "info", path, "--json"], capture_output=True, check=True).stdout)
        names = {d["path"].rsplit("/", 1)[1] for d in info["datasets"] if not d["path"].startswith("/simulation/detectors")}
        if "estimate/names" in {d["path"].lstrip("/") for d in info["datasets"]}:  # NAME_low and so on, for every descriptor
            names = {re.sub("_(error|(low|high)(_68)?)$", "", name) for name in names}
        names |= {name for name in info["audit"] if not name.endswith("_unit")}
        for name in sorted(n for n in names if not n.isdigit() and not set(re.findall(r"\w+", n)) <= words):
            complaints.append(f"docs/result-file.md says nothing of {name} in {path.name}")


options = options_by_command()
for document in documents:
    check_names(document, options)
for name in options:
    if f"vitrobeam {name} " not in readme.read_text():
        complaints.append(f"README.md: no example of vitrobeam {name}")
run_readme(update="--update" in sys.argv)
check_result_files()
subprocess.run(["rm", "-rf", folder])
print("\n".join(complaints) or f"{len(documents)} documents agree with the program")
sys.exit(bool(complaints))
