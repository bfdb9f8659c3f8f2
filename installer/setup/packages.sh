# shellcheck shell=bash
# Debian's packages: those that are missing, without upgrades and without what they only recommend.

wanted_packages() {
  # GStreamer for the addon; x264enc is in ugly, the parser in bad, cameras of V4L2 in good.
  printf '%s\n' gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly
  [[ $SIMULATE == yes ]] || printf '%s\n' gstreamer1.0-libcamera
  # Answers for the machine's .local name and tells the network of the robot.
  echo avahi-daemon
  [[ -z $KVS_SDK ]] || kvs_packages
}

installed_packages() { dpkg-query -W -f "\${db:Status-Status} \${Package}\n" | sed -n 's/^installed //p' | sort; }

install_packages() {
  local missing=() before
  before=$(installed_packages)
  mapfile -t missing < <(comm -23 <(wanted_packages | sort) <(printf '%s\n' "$before"))
  ((${#missing[@]} > 0)) || return 0
  do_it "install Debian's ${missing[*]}" apt_install "${missing[@]}"
}

# The packages that come along are recorded, too, before they come.
apt_install() {
  local options=(-y --no-install-recommends --no-upgrade -o DPkg::Lock::Timeout=300) come name
  if ! apt-get -s install "${options[@]}" "$@" >/dev/null 2>&1; then
    DEBIAN_FRONTEND=noninteractive quietly apt-get update -o DPkg::Lock::Timeout=300
  fi
  mapfile -t come < <(apt-get -s install "${options[@]}" "$@" | sed -n 's/^Inst \([^ ]*\) (.*/\1/p')
  for name in "${come[@]}"; do changed package "$name"; done
  if ! DEBIAN_FRONTEND=noninteractive quietly apt-get install "${options[@]}" "$@"; then
    # Lists of yesterday name files that are gone.
    DEBIAN_FRONTEND=noninteractive quietly apt-get update -o DPkg::Lock::Timeout=300
    DEBIAN_FRONTEND=noninteractive quietly apt-get install "${options[@]}" "$@" ||
      fail "Debian's packages can't be installed. Is this machine on the network?"
  fi
}
