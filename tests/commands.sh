# What the tests of commands share; a test begins with `. "$(dirname "$0")/commands.sh"` and ends with `finish`.
# Its arguments: program, source folder (ctest gives them). It runs in an empty folder, which is deleted behind it.
set -u
program=$(realpath "$1") source=$(realpath "$2")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
failures=0

complain() {
  echo "FAILED: $*"
  failures=$((failures + 1))
}

# expect STATUS WORD COMMAND...: the command ends with that status and its messages, left in out.txt, hold the word.
expect() {
  expected=$1 word=$2
  shift 2
  "$@" >out.txt 2>&1
  got=$?
  if [ "$got" != "$expected" ] || ! grep -q -e "$word" out.txt; then
    complain "$*"
    echo "  status $got, expected $expected and '$word':"
    sed 's/^/    /' out.txt
  fi
}

# refuse STATUS WORDS ARGUMENTS...: the program ends with that status, a message that holds the words, and no new file.
refuse() {
  expected=$1 words=$2
  shift 2
  before=$(ls -A)
  message=$("$program" "$@" 2>&1 >/dev/null </dev/null)
  got=$?
  [ "$got" = "$expected" ] && printf '%s' "$message" | grep -qF -e "$words" ||
    complain "$*: status $got, expected $expected and '$words': $message"
  [ "$before" = "$(ls -A)" ] || complain "$*: left behind: $(ls -A)"
}

finish() {
  [ "$failures" = 0 ] || exit 1
  echo passed
  exit 0
}
