"""What the tests of commands in Python share. A test begins with `from commands import Commands, need`, `need("h5py", "numpy")` and
`commands = Commands()`, and ends with `commands.finish()`. Its arguments: program, source folder (ctest gives them). It runs in an
empty folder, which is deleted behind it."""
import atexit
import importlib.util
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile


def need(*modules):
    """Ends the test as skipped where Python lacks one of the modules."""
    missing = [m for m in modules if importlib.util.find_spec(m) is None]
    if missing:
        print("skipped: no Python module", ", ".join(missing))
        sys.exit(77)


class Commands:
    def __init__(self):
        self.program, self.source = (pathlib.Path(a).resolve() for a in sys.argv[1:3])
        self.glass = self.source / "examples" / "Cu64.5Zr35.5_4000_glass_300K.extxyz"
        self.failed = 0
        folder = tempfile.mkdtemp(prefix="vitrobeam_test_")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        os.chdir(folder)

    def run(self, status, word, *arguments):
        """The command's messages; a failure unless it ends with `status` and says `word`."""
        done = subprocess.run([self.program, *map(str, arguments)], capture_output=True, text=True, stdin=subprocess.DEVNULL)
        text = done.stdout + done.stderr
        self.check(f"{' '.join(map(str, arguments))}\n  status {done.returncode}, expected {status} and '{word}':\n{text}",
                   done.returncode == status and word in text)
        return text

    def refuse(self, status, word, *arguments):
        """The same, and no file comes, goes or changes its size."""
        before = sizes()
        text = self.run(status, word, *arguments)
        self.check(f"{' '.join(map(str, arguments))}: files differ: {sorted(before.items() ^ sizes().items())}", sizes() == before)
        return text

    def check(self, what, good):
        if not good:
            self.failed += 1
            print("FAILED:", what)

    def finish(self):
        print(f"{self.failed} failed" if self.failed else "passed")
        sys.exit(self.failed > 0)


def sizes():
    return {p.name: p.stat().st_size for p in pathlib.Path(".").iterdir()}
