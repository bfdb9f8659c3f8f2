# shellcheck shell=bash
# What is told, and the two ways to go through the steps: doing them, or only telling (--dry-run).

say() { printf '%s\n' "$*"; }

fail() {
  printf '\n%s\n' "$*" >&2
  exit 1
}

# do_it "what it does" command...: the one way by which anything is changed.
do_it() {
  local what=$1
  shift
  if [[ $DRY_RUN == yes ]]; then
    say "would $what"
  else
    say "- $what"
    "$@"
  fi
}

# One line of output for a command that talks much; what it said is shown when it fails.
quietly() {
  local log
  log=$(mktemp)
  if "$@" >"$log" 2>&1; then
    rm -f "$log"
  else
    local code=$?
    tail -n 20 "$log" >&2
    rm -f "$log"
    return "$code"
  fi
}

one_at_a_time() {
  [[ $DRY_RUN == no ]] || return 0
  exec 9>/run/roverd-install.lock
  flock -n 9 || fail 'Another installation of roverd is running on this machine.'
}
