# shellcheck shell=bash
# Variables are shared with the other parts.
# shellcheck disable=SC2034
# The releases below /opt/roverd/releases, and the link `current` to the one in use.

FOLDER=''
RESTART=no

release_value() { sed -n "s/^$2=//p" "$1/release"; }

# Sets FOLDER. The same version made anew does not overwrite the one that runs.
place_release() {
  FOLDER=$ROOT/releases/$VERSION
  if [[ -d $FOLDER ]] && ! diff -rq "$RELEASE" "$FOLDER" >/dev/null 2>&1; then
    FOLDER+=+$(find "$RELEASE" -type f -print0 | sort -z | xargs -0 sha256sum | sed "s# $RELEASE# #" | sha256sum | cut -c 1-8)
  fi
  [[ -d $FOLDER ]] || do_it "unpack release $VERSION to $FOLDER" copy_release "$FOLDER"
}

copy_release() {
  rm -rf "$ROOT/releases/$VERSION.new"
  cp -a "$RELEASE" "$ROOT/releases/$VERSION.new"
  chown -R root:root "$ROOT/releases/$VERSION.new"
  sync -f "$ROOT/releases"
  mv -T "$ROOT/releases/$VERSION.new" "$1"
}

# A link is changed in one step: at no time is there none.
link_to() {
  local target=$1 path=$2
  [[ $(readlink "$path" 2>/dev/null) != "$target" ]] || return 0
  mkdir -p "$(dirname "$path")"
  ln -sfn "$target" "$path.new"
  mv -T "$path.new" "$path"
  RESTART=yes
}

# Two are kept: the one in use and the one before.
remove_old_releases() {
  local folder
  [[ $DRY_RUN == no ]] || return 0
  for folder in "$ROOT"/releases/*; do
    if [[ $folder != "$FOLDER" && $folder != "$PREVIOUS" ]]; then rm -rf "$folder"; fi
  done
  for folder in "$ROOT"/node/*; do
    if [[ -d $folder && $NODE != "$folder/"* ]]; then rm -rf "$folder"; fi
  done
}
