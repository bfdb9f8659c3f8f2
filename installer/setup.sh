#!/usr/bin/env bash
# Puts the release this file is part of in place: started by install.sh, as root, with its options.
# The steps are in setup/, in the order of main() below; each does nothing where all is as it should be.
# What is set here is used in the parts.
# shellcheck disable=SC2034
set -euo pipefail

RELEASE=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
ROOT=/opt/roverd
ETC=/etc/roverd
STATE=/var/lib/roverd
PART=$RELEASE/installer/setup
for part in say record packages node kvs account boot-config release configuration service announce; do
  # shellcheck source=/dev/null
  source "$PART/$part.sh"
done

take_options() {
  NAME='' MOTOR='' KVS_SDK='' PORT='' ARCHIVE='' START=yes SIMULATE=no UPDATE=no DRY_RUN=no
  while (($# > 0)); do
    case $1 in
      --name) NAME=$2 && shift ;;
      --motor) MOTOR=$2 && shift ;;
      --kvs-sdk) KVS_SDK=$2 && shift ;;
      --port) PORT=$2 && shift ;;
      --archive) ARCHIVE=$2 && shift ;;
      --version | --sha256) shift ;;
      --no-start) START=no ;;
      --simulate) SIMULATE=yes ;;
      --any-board) ;;
      --update) UPDATE=yes ;;
      --dry-run) DRY_RUN=yes ;;
      *) fail "Expected an option of install.sh but received $1" ;;
    esac
    shift
  done
  VERSION=$(release_value "$RELEASE" version)
}

main() {
  take_options "$@"
  one_at_a_time
  check_kvs_sdk
  begin_record
  install_packages
  choose_node
  build_for_kvs_sdk
  make_account
  enable_hardware
  place_release
  write_configuration
  make_certificate
  check_configuration
  activate_release
  announce
  keep_record
  remove_old_releases
  tell_the_end
}

main "$@"
