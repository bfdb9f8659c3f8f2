#!/bin/bash
# pid1.sh ROOT CGROUP [PROGRAM...]: systemd, or another program, as process 1 over ROOT, in namespaces of its own,
# below CGROUP of every hierarchy.
set -eu
root=$1 group=$2
shift 2
(($# > 0)) || set -- /lib/systemd/systemd --show-status=0

# A cgroup namespace begins where the process is: what this systemd makes is all below, and can be removed.
mapfile -t own </proc/self/cgroup
for line in "${own[@]}"; do
  IFS=: read -r id controllers path <<<"$line"
  case $controllers in
    '') folder=/sys/fs/cgroup/unified ;;
    name=*) folder=/sys/fs/cgroup/${controllers#name=} ;;
    *) folder=/sys/fs/cgroup/$controllers ;;
  esac
  if [ "$id" = 0 ] && [ ! -d "$folder" ]; then folder=/sys/fs/cgroup; fi
  [ -d "$folder$path" ] || continue
  mkdir -p "$folder$path/$group"
  # A new group of cpuset has neither processors nor memory.
  for file in cpuset.cpus cpuset.mems; do
    if [ -e "$folder$path/$group/$file" ]; then cat "$folder$path/$file" >"$folder$path/$group/$file"; fi
  done
  echo $$ >"$folder$path/$group/cgroup.procs"
done

# It ends with the test, however that ends.
exec setpriv --pdeathsig KILL unshare --pid --mount --net --uts --ipc --cgroup --fork --kill-child bash -euc '
root=$1
shift
mount --make-rprivate /
hostname robotbox
ip link set lo up
mount -t proc proc "$root/proc"
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,bind,ro "$root/proc/sys"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for name in null zero full random urandom tty; do
  touch "$root/dev/$name"
  mount --bind "/dev/$name" "$root/dev/$name"
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
mount -t tmpfs tmpfs "$root/sys/fs/cgroup"
if [ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ]; then
  mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
else
  mkdir "$root/sys/fs/cgroup/systemd"
  mount -t cgroup -o none,name=systemd,xattr cgroup "$root/sys/fs/cgroup/systemd"
fi
exec chroot "$root" /usr/bin/env -i container=docker PATH=/usr/sbin:/usr/bin LANG=C.UTF-8 "$@"
' pid1 "$root" "$@"
