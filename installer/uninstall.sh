#!/usr/bin/env bash
# Takes roverd off this machine: everything it has changed is recorded in /opt/roverd/changes, and is taken back.
#   sudo roverd uninstall [--keep-config]
{
set -euo pipefail

ROOT=/opt/roverd
ETC=/etc/roverd
RECORD=$ROOT/changes
KEEP_CONFIG=no

usage() {
  cat <<'USAGE'
Takes roverd and everything it has changed off this machine.

  sudo roverd uninstall [--keep-config]

  --keep-config   leaves /etc/roverd with configuration and certificates, for another installation
  --help          this
USAGE
}

main() {
  case ${1-} in
    '') ;;
    --keep-config) KEEP_CONFIG=yes ;;
    --help | -h)
      usage
      exit 0
      ;;
    *)
      echo "uninstall.sh: Expected --keep-config but received $1" >&2
      exit 2
      ;;
  esac
  ((EUID == 0)) || { echo 'uninstall.sh: this needs root: sudo roverd uninstall' >&2 && exit 1; }
  [[ -e $RECORD ]] || { echo "uninstall.sh: there is no $RECORD, so roverd is not installed here." >&2 && exit 1; }
  local part
  for part in say undo; do
    # shellcheck source=/dev/null
    source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/setup/$part.sh"
  done
  cd /
  say 'Stopping roverd and taking back what it changed'
  undo_changes_after 0
  rm -rf "$ROOT"
  rm -f /run/roverd-install.lock
  if [[ $KEEP_CONFIG == yes ]]; then
    chown -R root:root "$ETC"
    say "roverd is gone; $ETC was kept."
  else
    say 'roverd is gone.'
  fi
}

main "$@"
exit
}
