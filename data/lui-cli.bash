# SPDX-License-Identifier: LGPL-2.1-or-later
# bash completion for lui-cli

# ICCIDs of the profiles; nothing when lpad cannot be asked.
_lui_cli_profiles ()
{
  lui-cli list --json 2>/dev/null | sed -n 's/.*"iccid" : "\([0-9A-Fa-f]*\)".*/\1/p'
}

# The first word that is no option, and no value of one.
_lui_cli_verb ()
{
  local i word skip=
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if [[ -n $skip ]]; then
      skip=
    elif [[ $word == -e || $word == --euicc ]]; then
      skip=1
    elif [[ $word != -* && $word != '=' ]]; then
      printf '%s\n' "$word"
      return
    fi
  done
}

_lui_cli ()
{
  local current=${COMP_WORDS[COMP_CWORD]}
  local previous=${COMP_WORDS[COMP_CWORD-1]}
  local verbs='status list info download discover address enable disable delete rename reset notifications issuer provision monitor'
  local global='--json --euicc --verbose --help -j -e -v -h'
  local verb
  verb=$(_lui_cli_verb)
  COMPREPLY=()

  case $previous in
    -C|--confirmation-code-file|--icon|-R|--report)
      mapfile -t COMPREPLY < <(compgen -f -- "$current")
      return ;;
    -J|--jobs|-e|--euicc|-s|--server|--event|-m|--matching-id|-c|--confirmation-code|-n|--nickname|-i|--imei|-t|--tac|--release|--eid-digits)
      return ;;
  esac

  local words=$global
  case $verb in
    '')
      words="$words --version -V $verbs" ;;
    list)
      words="$words --all --class -a -c" ;;
    status)
      words="$words --seen" ;;
    provision)
      words="$words --report --jobs --wait --dry-run -R -J -w"
      if [[ $current != -* ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
      fi ;;
    info)
      words="$words --icon"
      [[ $current == -* ]] || words=$(_lui_cli_profiles) ;;
    download)
      words="$words --server --event --matching-id --default --confirmation-code --confirmation-code-file --yes --accept-policy-rules"
      words="$words --enable --rollback-timeout --use-provisioning --nickname --imei --tac --release -t -s -m -d -c -C -y -r -E -p -n -i"
      if [[ $current != -* ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
      fi ;;
    discover)
      words="$words --server --imei --tac --release -s -i -t" ;;
    address)
      words="$words --clear" ;;
    delete)
      words="$words --yes -y"
      [[ $current == -* ]] || words=$(_lui_cli_profiles) ;;
    enable)
      words="$words --rollback-timeout"
      [[ $current == -* ]] || words=$(_lui_cli_profiles) ;;
    disable|rename)
      [[ $current == -* ]] || words=$(_lui_cli_profiles) ;;
    reset)
      words="$words --operational --test --default-smdp --eid-digits" ;;
    notifications)
      words="$words list send remove --force" ;;
    issuer)
      words="$words list add remove --test --yes -t -y"
      if [[ $previous == add && $current != -* ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
      fi ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}

complete -F _lui_cli lui-cli
