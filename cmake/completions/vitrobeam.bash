# Completion of vitrobeam for bash: commands, options and their choices come from the program itself.
_vitrobeam() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]} words
  COMPREPLY=()
  if [ "$COMP_CWORD" = 1 ]; then
    COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" --list-commands | cut -d' ' -f1) --help --version" -- "$current"))
    return
  fi
  local actions
  actions=$("${COMP_WORDS[0]}" --list-commands | sed -n "s/^$command //p")
  if [ "$COMP_CWORD" = 2 ] && [ -n "$actions" ] && [[ $current != -* ]]; then
    COMPREPLY=($(compgen -W "$actions" -- "$current") $(compgen -f -- "$current"))
    return
  fi
  local action=
  for words in $actions; do [ "${COMP_WORDS[2]}" = "$words" ] && action=$words; done
  [ "$command" = model ] && action=${COMP_WORDS[2]}
  local table
  table=$("${COMP_WORDS[0]}" "$command" $action --help-words 2>/dev/null)
  if [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$(cut -f1 <<< "$table")" -- "$current"))
    return
  fi
  words=$(sed -n "s/^$previous\t//p" <<< "$table")
  if [[ $words == *"|"* ]]; then
    COMPREPLY=($(compgen -W "${words//|/ }" -- "$current"))
  else
    COMPREPLY=($(compgen -f -- "$current"))
  fi
}
complete -o filenames -F _vitrobeam vitrobeam
