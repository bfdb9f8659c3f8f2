#!/usr/bin/env bash
# Installs roverd on a Raspberry Pi, or brings it to another version:
#
#   curl -fsSL https://.../install.sh | bash
#
# Looks at the machine, fetches the release for it, checks where that comes from, and hands over to the release's own
# installer/setup.sh. Everything is one block that ends in the last line: a download that is cut off does nothing.
{
set -euo pipefail

# `npm run release` fills these in.
RELEASES='@RELEASES@'
MADE_AT_S='@MADE_AT_S@'
PUBLIC_KEY='@PUBLIC_KEY@'

usage() {
  cat <<'USAGE'
Installs roverd and starts it as a service, or brings it to another version.

  curl -fsSL https://.../install.sh | bash
  curl -fsSL https://.../install.sh | bash -s -- --name rover --motor motor-hat

Options, each with the environment variable that does the same:
  --name NAME        name of the robot (default: the machine's)             ROVERD_NAME
  --motor KIND       auto, explorer-hat, motor-hat or johnny-five           ROVERD_MOTOR, MOTOR_DRIVER=adafruit
  --version VERSION  a release other than the newest                        ROVERD_VERSION
  --archive FILE|URL this archive, with its .sha256 and .sha256.sig beside  ROVERD_ARCHIVE
  --sha256 HASH      what the archive must be; no signature is asked then   ROVERD_SHA256
  --kvs-sdk PREFIX   where the KVS WebRTC C SDK is installed                ROVERD_KVS_SDK
  --port PORT        TCP port of the page (default 8443)                    ROVERD_PORT
  --no-start         install, but neither start now nor at boot             ROVERD_START=no
  --simulate         a simulated robot; runs on other machines as well      ROVERD_SIMULATE=yes
  --any-board        real motors on a board that is no Raspberry Pi         ROVERD_ANY_BOARD=yes
  --update           only if roverd is installed: to the newest, or --version
  --dry-run          print every change and make none
  --help             this

Run again with the same options it changes nothing. `roverd update` and `sudo roverd uninstall` do as they say.
USAGE
}

say() { printf '%s\n' "$*"; }

refuse() {
  printf '\nroverd is not installed: %s\n' "$*" >&2
  exit 1
}

usage_error() {
  printf 'install.sh: %s\n(install.sh --help shows what there is)\n' "$*" >&2
  exit 2
}

take_options() {
  NAME=${ROVERD_NAME-} MOTOR=${ROVERD_MOTOR-} VERSION=${ROVERD_VERSION-} ARCHIVE=${ROVERD_ARCHIVE-}
  SHA256=${ROVERD_SHA256-} KVS_SDK=${ROVERD_KVS_SDK-} PORT=${ROVERD_PORT-}
  START=${ROVERD_START:-yes} SIMULATE=${ROVERD_SIMULATE:-no} ANY_BOARD=${ROVERD_ANY_BOARD:-no}
  UPDATE=no DRY_RUN=no
  if [[ -z $MOTOR && -n ${MOTOR_DRIVER-} ]]; then
    case $MOTOR_DRIVER in
      adafruit) MOTOR=motor-hat ;;
      *) MOTOR=explorer-hat ;;
    esac
  fi
  while (($# > 0)); do
    case $1 in
      --name | --motor | --version | --archive | --sha256 | --kvs-sdk | --port)
        (($# > 1)) || usage_error "Expected a value after $1"
        local variable=${1#--}
        variable=${variable//-/_}
        printf -v "${variable^^}" '%s' "$2"
        shift
        ;;
      --no-start) START=no ;;
      --simulate) SIMULATE=yes ;;
      --any-board) ANY_BOARD=yes ;;
      --update) UPDATE=yes ;;
      --dry-run) DRY_RUN=yes ;;
      --help | -h)
        usage
        exit 0
        ;;
      *) usage_error "Expected an option but received $1" ;;
    esac
    shift
  done
  check_options
  # The configuration of roverd takes ROVERD_ variables for its own.
  unset "${!ROVERD_@}"
}

check_options() {
  local yes_no='^(yes|no)$' option
  [[ $NAME =~ ^[A-Za-z0-9_-]{0,64}$ ]] || usage_error "Expected --name to be 1 to 64 letters, digits, _ or - but received $NAME"
  case $MOTOR in
    '' | auto | explorer-hat | motor-hat | johnny-five) ;;
    *) usage_error "Expected --motor to be auto, explorer-hat, motor-hat or johnny-five but received $MOTOR" ;;
  esac
  [[ -z $VERSION || $VERSION =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$ ]] || usage_error "Expected --version to be like 1.2.3 but received $VERSION"
  [[ -z $SHA256 || $SHA256 =~ ^[0-9a-f]{64}$ ]] || usage_error "Expected --sha256 to be 64 digits in 0-9a-f but received $SHA256"
  [[ -z $PORT || ($PORT =~ ^[0-9]{4,5}$ && $PORT -ge 1024 && $PORT -le 65535) ]] || usage_error "Expected --port to be 1024 to 65535 but received $PORT"
  [[ -z $KVS_SDK || $KVS_SDK == /* ]] || usage_error "Expected --kvs-sdk to be an absolute path but received $KVS_SDK"
  for option in START SIMULATE ANY_BOARD; do
    [[ ${!option} =~ $yes_no ]] || usage_error "Expected ROVERD_$option to be yes or no but received ${!option}"
  done
}

# Prints the options that were taken, so that another program takes the same.
options_again() {
  local option
  for option in name motor version archive sha256 kvs-sdk port; do
    local variable=${option//-/_}
    variable=${variable^^}
    [[ -z ${!variable} ]] || printf '%s\n' "--$option" "${!variable}"
  done
  [[ $START == yes ]] || echo --no-start
  [[ $SIMULATE == no ]] || echo --simulate
  [[ $ANY_BOARD == no ]] || echo --any-board
  [[ $UPDATE == no ]] || echo --update
  [[ $DRY_RUN == no ]] || echo --dry-run
}

# A script that comes through a pipe can't be started again; its functions can.
become_root() {
  ((EUID != 0)) || return 0
  command -v sudo >/dev/null || refuse 'this needs root, and there is no sudo. Run it as root.'
  sudo -n true 2>/dev/null || [[ -r /dev/tty && -t 2 ]] || refuse 'this needs root, and sudo wants a password. Pipe it into sudo bash instead of bash.'
  local options=()
  mapfile -t options < <(options_again)
  exec sudo bash -c "set -euo pipefail; $(declare -p RELEASES MADE_AT_S PUBLIC_KEY); $(declare -f); main \"\$@\"" install.sh "${options[@]}" </dev/null
}

os_value() { sed -n "s/^$1=\"\\?\\([^\"]*\\)\"\\?\$/\\1/p" /etc/os-release | head -n 1; }

check_machine() {
  local model='' system=''
  [[ $(uname -s) == Linux ]] || refuse "this is $(uname -s); roverd runs on Raspberry Pi OS and Debian."
  system=$(os_value PRETTY_NAME)
  case $(os_value ID) in
    debian | raspbian) ;;
    *) refuse "this is ${system:-an unknown system}; roverd runs on Raspberry Pi OS and Debian, Bookworm or Trixie." ;;
  esac
  case $(os_value VERSION_CODENAME) in
    bookworm | trixie) ;;
    *) refuse "this is $system; roverd needs Bookworm or Trixie (Debian 12 or 13)." ;;
  esac
  if [[ -r /proc/device-tree/model ]]; then model=$(tr -d '\0' </proc/device-tree/model); fi
  case $(dpkg --print-architecture) in
    arm64) ARCH=arm64 ;;
    amd64) ARCH=x64 ;;
    armhf | armel) refuse "this is the 32-bit ${system}; roverd needs the 64-bit one. Raspberry Pi Imager offers it for Pi 3 and later, and Zero 2 W." ;;
    *) refuse "this machine's architecture is $(dpkg --print-architecture); there are releases for arm64 and amd64." ;;
  esac
  if [[ $model != *'Raspberry Pi'* && $SIMULATE == no && $ANY_BOARD == no && $UPDATE == no ]]; then
    refuse "this is no Raspberry Pi (${model:-no board is named}). --simulate gives a simulated robot here, --any-board goes on with real motors."
  fi
  # Into an image that is being made, it can be put without.
  [[ -d /run/systemd/system || $START == no ]] || refuse 'systemd does not run here, and roverd is kept by it. --no-start only installs.'
  local tool
  for tool in curl tar gzip sha256sum openssl; do
    command -v "$tool" >/dev/null || refuse "$tool is missing: sudo apt-get install $tool"
  done
  check_clock
  check_disk
  say "Machine: ${model:-$(uname -m)}, $system, $ARCH"
}

# Certificates on the way here are not valid yet to a clock that is behind; a Pi has no battery for its own.
check_clock() {
  [[ $MADE_AT_S =~ ^[0-9]+$ ]] || return 0
  (($(date +%s) >= MADE_AT_S)) || refuse "the clock is wrong: it says $(date -u '+%F %R') UTC, which is before this release was made. Connect to the network and wait for the time (timedatectl shows it), or set it: sudo date -s '...'"
}

free_mb() {
  local folder=$1
  while [[ ! -d $folder ]]; do folder=$(dirname "$folder"); done
  df -Pm "$folder" | awk 'NR == 2 { print $4 }'
}

# GStreamer's packages take 350 MB where they are missing, Node 120, a release 70.
check_disk() {
  local folder free
  for folder in /opt/roverd /var/tmp /usr; do
    free=$(free_mb "$folder")
    local need=250
    [[ $folder != /usr || -e /opt/roverd/current ]] || need=500
    ((free >= need)) || refuse "$folder has $free MB free, and $need MB are needed. Make room, or use a larger card."
  done
}

fetch() {
  local from=$1 to=$2
  if [[ $from == *://* ]]; then
    curl -fsSL --retry 2 --connect-timeout 20 --speed-limit 1000 --speed-time 30 -o "$to" "$from" 2>"$WORK/curl" ||
      refuse "can't download $from ($(tail -n 1 "$WORK/curl")). Is this machine on the network?"
  else
    [[ -r $from ]] || refuse "there is no file $from"
    cp "$from" "$to"
  fi
}

# An older release comes by --version only: who answers for the newest must not be able to bring old faults back.
leave_if_newest() {
  [[ $UPDATE == yes ]] || return 0
  local installed
  installed=$(sed -n 's/^version=//p' /opt/roverd/current/release)
  [[ $(printf '%s\n' "$VERSION" "$installed" | sort -V | tail -n 1) != "$installed" ]] || {
    say "roverd $installed is installed, and the newest is $VERSION: nothing to do."
    exit 0
  }
}

# Sets ARCHIVE, from --version or else the newest.
choose_release() {
  [[ -z $ARCHIVE ]] || return 0
  [[ $RELEASES == *://* ]] || refuse 'this copy of install.sh does not know where releases are: give --archive.'
  if [[ -z $VERSION ]]; then
    fetch "$RELEASES/latest" "$WORK/latest"
    VERSION=$(head -c 64 "$WORK/latest")
    [[ $VERSION =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$ ]] || refuse "$RELEASES/latest does not name a version."
    leave_if_newest
  fi
  ARCHIVE="$RELEASES/$VERSION/roverd-$VERSION-linux-$ARCH.tar.gz"
}

# The signature is over the line "HASH  NAME" in the .sha256 beside the archive: it ties the name to the content.
verify() {
  local file=$1 name=$2 expected named
  if [[ -n $SHA256 ]]; then
    expected=$SHA256
  else
    [[ $PUBLIC_KEY == *'PUBLIC KEY'* ]] || refuse 'this copy of install.sh carries no key to check signatures by: give --sha256.'
    fetch "$ARCHIVE.sha256" "$WORK/sha256"
    fetch "$ARCHIVE.sha256.sig" "$WORK/sha256.sig"
    printf '%s\n' "$PUBLIC_KEY" >"$WORK/key.pem"
    openssl pkeyutl -verify -pubin -inkey "$WORK/key.pem" -rawin -in "$WORK/sha256" -sigfile "$WORK/sha256.sig" >/dev/null 2>&1 ||
      refuse "the signature of $name is wrong: it was not made by those who make roverd, or was damaged on its way."
    read -r expected named <"$WORK/sha256"
    [[ $named == "$name" ]] || refuse "the signature is that of $named, not of $name."
  fi
  local actual
  actual=$(sha256sum <"$file")
  [[ ${actual%% *} == "$expected" ]] || refuse "the checksum of $name is wrong: expected $expected but it is ${actual%% *}. It was cut off or changed on its way."
}

# Sets RELEASE, the folder with the unpacked release.
unpack() {
  tar -xzf "$WORK/archive" -C "$WORK/unpacked" --no-same-owner || refuse "the archive can't be unpacked."
  RELEASE=$(find "$WORK/unpacked" -mindepth 1 -maxdepth 1 -type d)
  [[ -f $RELEASE/release ]] || refuse 'the archive holds no release of roverd.'
  local arch
  arch=$(sed -n 's/^arch=//p' "$RELEASE/release")
  [[ $arch == "$ARCH" ]] || refuse "the archive is for $arch, and this machine is $ARCH."
}

main() {
  take_options "$@"
  become_root
  [[ $UPDATE == no || -e /opt/roverd/current ]] || refuse 'there is nothing to update; run it without --update.'
  check_machine
  umask 022
  WORK=$(mktemp -d /var/tmp/roverd-install.XXXXXX)
  trap 'rm -rf "$WORK"' EXIT
  mkdir "$WORK/unpacked"
  choose_release
  local name
  name=$(basename "$ARCHIVE")
  say "Release: $name"
  fetch "$ARCHIVE" "$WORK/archive"
  verify "$WORK/archive" "$name"
  unpack
  local options=()
  mapfile -t options < <(options_again)
  bash "$RELEASE/installer/setup.sh" "${options[@]}" --archive "$ARCHIVE" </dev/null
}

main "$@"
exit
}
