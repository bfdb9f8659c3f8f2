#!/bin/sh
# The command roverd of an installed robot. It acts as the user roverd, whom tokens and configuration belong to;
# replacing and removing the release is root's.
set -eu
root=/opt/roverd
case ${1-} in
  update | uninstall) user=root ;;
  *) user=roverd ;;
esac
[ "$(id -un)" != "$user" ] || exec "$root/bin/node" "$root/current/dist/roverd.js" "$@"
[ "$(id -u)" = 0 ] || exec sudo "$0" "$@"
# The folder that root is in may be closed to roverd.
cd /
exec runuser -u roverd -- env HOME=/var/lib/roverd GST_REGISTRY=/var/cache/roverd/gstreamer.bin \
  "$root/bin/node" "$root/current/dist/roverd.js" "$@"
