#!/usr/bin/python3
"""No function is longer than 60 lines unless it is a table: length_test.py PROGRAM SOURCE_DIR. Standard library only.

It reads the layout that clang-format gives: a function ends on a line that is nothing but its closing brace, and begins on the last
line before it that is indented as much."""
import pathlib
import re
import sys

LIMIT = 60
layers = ["base", "fourier", "models", "potentials", "multislice", "patterns", "maps", "studies", "io", "pictures", "runtime", "options", "drivers"]
# What grows by one line per entry and is read from top to bottom: crystals, motifs, the options of a command.
tables = {"make_prototypes", "make_motifs", "describe", "add_beam_options"}


def functions(text):
    """(name, first line from 1, number of lines) of every function."""
    lines = text.splitlines()
    for last, line in enumerate(lines):
        indent = line[:-1]
        if line not in ("}", "  }"):
            continue
        if indent and next((l for l in lines[last:] if l.startswith("}")), "") != "};":
            continue  # the end of a loop, not of a member function
        first = last - 1
        while not re.match(indent + r"[^\s#}):]", lines[first]) or lines[first].rstrip().endswith(":"):
            first -= 1
        head = "\n".join(lines[first:last])
        if re.match(r"\s*(namespace|struct|class|union|enum|for|while|if|else|do|switch|extern)\b", head):
            continue
        if first > 0 and lines[first - 1].startswith(indent + "template "):
            first -= 1
        name = re.search(r"(~?[\w:]+|operator\S+)\s*\(", head)
        if name:
            yield name[1].strip(":"), first + 1, last - first + 1


def main():
    root = pathlib.Path(sys.argv[2])
    complaints, count, long = [], 0, set()
    for layer in layers:
        for path in sorted((root / layer).glob("*.[ch]pp")):
            for name, line, length in functions(path.read_text()):
                count += 1
                if length > LIMIT:
                    long.add(name)
                if length > LIMIT and name not in tables:
                    complaints.append(f"{path.relative_to(root).as_posix()}:{line}: {name} has {length} lines, {LIMIT} are allowed")
    for name in sorted(tables - long):
        print(f"{name} is short now: take it off the list in {pathlib.Path(__file__).name}")
    print("\n".join(complaints) or f"{count} functions")
    sys.exit(bool(complaints))


main()
