#!/bin/sh
# Manual pages of all commands: manual.sh PROGRAM FOLDER
set -eu
program=$1 folder=$2
rm -rf "$folder" && mkdir -p "$folder"
page() { # words of the command
  "$program" "$@" --help-man >"$folder/vitrobeam-$(echo "$@" | tr ' ' '-').1"
}
"$program" --list-commands | while read -r command actions; do
  case $command in
  model) "$program" model --list-kinds | while read -r kind; do page model "$kind"; done ;;
  library) ;;
  *) page "$command" ;;
  esac
  for action in $actions; do page "$command" "$action"; done
done
{
  printf '.TH VITROBEAM 1 "" "%s"\n.SH NAME\nvitrobeam \\- electron scattering by glasses and clusters, forward and back\n' "$("$program" --version)"
  printf '.SH SYNOPSIS\n.B vitrobeam\ncommand [input] [options]\n.SH COMMANDS\n'
  "$program" --help | sed -n 's/^  \([a-z][a-z]*\) *\(.*\)/.TP\n.BR vitrobeam\\-\1 (1)\n\2/p'
} >"$folder/vitrobeam.1"
