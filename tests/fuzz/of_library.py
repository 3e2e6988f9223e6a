#!/usr/bin/python3
"""Whether the crash or endless loop that a fuzz target's log tells of is one of the HDF5 library: of_library.py LOG (exit status 0: yes).

It is where the innermost frame that is neither of the sanitizers nor of the C library lies in libhdf5. A frame of this program
further in, a leak, an error thrown: no."""
import re, sys

text = open(sys.argv[1], errors='replace').read()
report = re.search(r'ERROR: (AddressSanitizer: [\w-]+|libFuzzer: (?:timeout|out-of-memory \(malloc|deadly signal))', text)
if not report: sys.exit(1)
for line in text[report.start():].splitlines()[1:]:
    frame = re.match(r'\s*#\d+ 0x[0-9a-f]+ (?:in )?(.*)', line)
    if not frame: continue
    frame = frame.group(1)
    if re.search(r'libhdf5[\w.-]*\.so', frame): print(f'libhdf5: {frame}'); sys.exit(0)
    # their own files, or the runtime that is linked into the target
    if re.search(r'/libc\.so|/libpthread|/ld-linux|sanitizer|/compiler-rt/|__interceptor_|__asan_|fuzzer::|^(?:(?:__)?mem\w+|malloc|calloc|realloc|free|(?:__)?str\w+|abort|raise)\b', frame): continue
    break
sys.exit(1)
