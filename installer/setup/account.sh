# shellcheck shell=bash
# The user that the service runs as, and the devices it may open.

DEVICE_GROUPS=(i2c gpio video render audio dialout)

make_account() {
  if ! getent passwd roverd >/dev/null; then
    do_it 'make the user roverd' make_user
  fi
  local group there=() lacking=()
  for group in "${DEVICE_GROUPS[@]}"; do
    if getent group "$group" >/dev/null; then there+=("$group"); else lacking+=("$group"); fi
  done
  for group in "${there[@]}"; do
    if ! id -nG roverd 2>/dev/null | grep -qw "$group"; then
      do_it "let roverd use the devices of $group" usermod -aG "$group" roverd
    fi
  done
  ((${#lacking[@]} == 0)) || say "(no group ${lacking[*]} on this machine)"
  local folder
  for folder in "$STATE" /var/cache/roverd; do
    [[ -d $folder ]] || do_it "make $folder" make_folder "$folder" 0700
  done
  [[ -d $ETC ]] || do_it "make $ETC" make_folder "$ETC" 0750
}

make_user() {
  changed user roverd
  useradd --system --user-group --home-dir "$STATE" --no-create-home --shell /usr/sbin/nologin roverd
}

make_folder() {
  changed folder "$1"
  install -d -o roverd -g roverd -m "$2" "$1"
}
