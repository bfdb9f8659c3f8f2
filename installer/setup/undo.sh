# shellcheck shell=bash
# Takes recorded changes back, the last one first. What is gone already is no error.

BLOCK_BEGIN='# roverd begin'
BLOCK_END='# roverd end'

# One that can't be taken back does not keep the others.
undo_changes_after() {
  local kept=$1 kind what packages=()
  set +e
  while IFS=$'\t' read -r kind what; do
    if [[ $kind == package ]]; then packages+=("$what"); else undo "$kind" "$what"; fi
  done < <(tail -n +"$((kept + 1))" "$RECORD" | tac)
  remove_packages "${packages[@]}"
  head -n "$kept" "$RECORD" >"$RECORD.kept"
  mv "$RECORD.kept" "$RECORD"
}

undo() {
  case $1 in
    unit)
      systemctl disable --now "$2" >/dev/null 2>&1
      rm -f "/etc/systemd/system/$2"
      systemctl daemon-reload >/dev/null 2>&1
      systemctl reset-failed "$2" >/dev/null 2>&1
      ;;
    file) rm -f "$2" ;;
    folder)
      [[ ${KEEP_CONFIG:-no} == yes && $2 == "$ETC" ]] || rm -rf "$2"
      ;;
    empty-folder) rmdir "$2" 2>/dev/null ;;
    block) remove_block "$2" ;;
    user)
      userdel "$2" >/dev/null 2>&1
      groupdel "$2" >/dev/null 2>&1
      ;;
    *) say "  (can't take back: $1 $2)" ;;
  esac
  return 0
}

# The lines between the marks; and the end of line that was added to a file that had none.
remove_block() {
  [[ -e $1 ]] || return 0
  grep -qxF -e "$BLOCK_BEGIN" -e "$BLOCK_BEGIN (after a line without end)" "$1" || return 0
  local without_end=no draft
  if grep -qxF "$BLOCK_BEGIN (after a line without end)" "$1"; then without_end=yes; fi
  draft=$(mktemp "$1.XXXXXX")
  sed "/^$BLOCK_BEGIN/,/^$BLOCK_END\$/d" "$1" >"$draft"
  if [[ $without_end == yes && -s $draft ]]; then truncate -s -1 "$draft"; fi
  # A FAT boot partition knows no owners; elsewhere the file keeps its own.
  cat "$draft" >"$1"
  rm -f "$draft"
}

# Those that something else has come to need stay.
remove_packages() {
  (($# > 0)) || return 0
  local wanted=("$@") removed
  mapfile -t removed < <(apt-get -s purge "${wanted[@]}" 2>/dev/null | sed -n 's/^\(Purg\|Remv\) \([^ ]*\).*/\2/p')
  local name
  for name in "${removed[@]}"; do
    if [[ " ${wanted[*]} " != *" $name "* ]]; then
      say "  (leaving Debian's packages: $name needs some of them)"
      return 0
    fi
  done
  say "  removing ${#removed[@]} packages of Debian that roverd had brought"
  DEBIAN_FRONTEND=noninteractive quietly apt-get purge -y -o DPkg::Lock::Timeout=300 "${wanted[@]}"
}
