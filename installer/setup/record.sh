# shellcheck shell=bash
# Every change outside /opt/roverd is recorded before it is made, so that uninstall.sh, and a first installation that
# fails, can take it back. One change a line: kind, tab, what. undo.sh knows the kinds.

RECORD=$ROOT/changes
RECORDED_BEFORE=0
PREVIOUS=''

# shellcheck source=/dev/null
source "$PART/undo.sh"

begin_record() {
  PREVIOUS=$(readlink "$ROOT/current" 2>/dev/null || true)
  [[ $DRY_RUN == no ]] || return 0
  mkdir -p "$ROOT/releases"
  [[ -e $RECORD ]] || : >"$RECORD"
  RECORDED_BEFORE=$(wc -l <"$RECORD")
  trap take_back EXIT
}

# A change that is recorded already is not recorded twice: what was before roverd came is what counts.
changed() {
  local line=$1$'\t'$2
  grep -qxF -- "$line" "$RECORD" || printf '%s\n' "$line" >>"$RECORD"
}

keep_record() {
  trap - EXIT
}

# Runs when a step fails: what this run has changed is undone, and the release before goes on.
take_back() {
  local code=$?
  trap - EXIT
  set +e
  say ''
  say 'This did not work. Taking back what was changed:'
  restore_configuration
  return_to_previous
  undo_changes_after "$RECORDED_BEFORE"
  if [[ -z $PREVIOUS ]]; then rm -rf "$ROOT"; else rm -rf "$ROOT/releases/$VERSION.new"; fi
  if [[ -z $PREVIOUS ]]; then
    say 'Nothing of roverd is left on this machine.'
  else
    say "Release $(basename "$PREVIOUS") is in place as before."
  fi
  exit $((code == 0 ? 1 : code))
}
