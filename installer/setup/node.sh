# shellcheck shell=bash
# Node: the machine's own where it serves, else the one that belongs to the release, below /opt/roverd.

NODE=''

choose_node() {
  local own
  own=$(command -v node || true)
  if [[ -n $own ]] && node_serves "$own"; then
    NODE=$(readlink -f "$own")
    say "Node: $("$NODE" --version), the machine's own"
    return 0
  fi
  local hash name folder
  read -r hash name <"$RELEASE/node.sha256"
  folder=$ROOT/node/${name%.tar.gz}
  NODE=$folder/bin/node
  [[ -x $NODE ]] || do_it "fetch $name" fetch_node "$hash" "$name" "$folder"
}

# New enough, and one that the release has addons for.
node_serves() {
  local version abi
  version=$("$1" --version 2>/dev/null) || return 1
  abi=$("$1" -p process.versions.modules 2>/dev/null) || return 1
  [[ $(printf '%s\n' v20.19.0 "$version" | sort -V | head -n 1) == v20.19.0 ]] || return 1
  [[ " $(release_value "$RELEASE" node_abis) " == *" $abi "* ]]
}

# It lies beside the release, and its checksum in the release, whose own has been checked.
fetch_node() {
  local hash=$1 name=$2 folder=$3 from
  from=$(dirname "$ARCHIVE")/$name
  mkdir -p "$ROOT/node"
  rm -rf "$folder.new"
  mkdir "$folder.new"
  if [[ $from == *://* ]]; then
    curl -fsSL --retry 2 --connect-timeout 20 --speed-limit 1000 --speed-time 30 -o "$folder.new/archive" "$from" ||
      fail "Can't download $from. Is this machine on the network?"
  else
    cp "$from" "$folder.new/archive" || fail "There is no $from, and this machine has no Node that serves."
  fi
  [[ $(sha256sum <"$folder.new/archive") == "$hash "* ]] || fail "The checksum of $name is wrong: it was cut off or changed on its way."
  tar -xzf "$folder.new/archive" -C "$folder.new" --strip-components=1 --no-same-owner
  rm "$folder.new/archive"
  mv -T "$folder.new" "$folder"
}
