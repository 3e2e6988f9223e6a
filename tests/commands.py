"""Runs of the program in the tests of its commands: commands(PROGRAM) gives run, check and failures."""
import subprocess


class Commands:
    def __init__(self, program):
        self.program, self.failed = program, 0

    def run(self, status, word, *arguments):
        """The command's messages; a failure unless it ends with `status` and says `word`."""
        done = subprocess.run([self.program, *map(str, arguments)], capture_output=True, text=True)
        text = done.stdout + done.stderr
        self.check(f"{' '.join(map(str, arguments))}\n  status {done.returncode}, expected {status} and '{word}':\n{text}",
                   done.returncode == status and word in text)
        return text

    def check(self, what, good):
        if not good:
            self.failed += 1
            print("FAILED:", what)
