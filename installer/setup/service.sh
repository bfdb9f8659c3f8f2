# shellcheck shell=bash
# The service: its unit, the release it runs, whether that is well, and the way back.

UNIT=roverd.service
UNIT_FILE=/etc/systemd/system/$UNIT
HEALTHY_WITHIN_S=30
STAYS_UP_S=3

activate_release() {
  local was_enabled=no
  if systemctl is-enabled --quiet "$UNIT" 2>/dev/null; then was_enabled=yes; fi
  if [[ $DRY_RUN == yes ]]; then
    [[ $PREVIOUS == "$FOLDER" ]] || say "would take release $VERSION into use ($ROOT/current)"
    [[ -e /usr/local/bin/roverd ]] || say 'would put the command roverd into /usr/local/bin'
    cmp -s "$RELEASE/installer/$UNIT" "$UNIT_FILE" || say "would write $UNIT_FILE"
    [[ $START == no || $was_enabled == yes ]] || say "would start $UNIT, now and at every boot"
    return 0
  fi
  NODE_BEFORE=$(readlink "$ROOT/bin/node" 2>/dev/null || true)
  changed unit "$UNIT"
  changed file /usr/local/bin/roverd
  link_to "$NODE" "$ROOT/bin/node"
  link_to "$FOLDER" "$ROOT/current"
  ln -sfn "$ROOT/current/bin/roverd" /usr/local/bin/roverd
  install_unit "$FOLDER"
  # One that was switched off stays so through an update.
  if [[ $START == no || ($UPDATE == yes && $was_enabled == no) ]]; then
    say 'The service is not started.'
    return 0
  fi
  systemctl enable --quiet "$UNIT"
  if [[ $RESTART == no ]] && is_well; then
    say "Release $VERSION runs."
    return 0
  fi
  warm_gstreamer
  say "- start $UNIT with release $VERSION"
  if ! start_service; then
    journalctl -u "$UNIT" -n 15 --no-pager -o cat >&2 || true
    fail "Release $VERSION does not run: its last words are above."
  fi
}

install_unit() {
  if ! cmp -s "$1/installer/$UNIT" "$UNIT_FILE"; then
    install -m 0644 "$1/installer/$UNIT" "$UNIT_FILE"
    # There is none in an image that is being made.
    [[ ! -d /run/systemd/system ]] || systemctl daemon-reload
    RESTART=yes
  fi
}

# GStreamer looks through all its plug-ins once, which takes seconds: not in front of the first viewer.
warm_gstreamer() {
  as_roverd "$FOLDER/installer/dev-first-picture.mjs" >/dev/null 2>&1 || true
}

# READY says that it can be driven. One that falls over right after that is not well either.
start_service() {
  local pid
  systemctl reset-failed "$UNIT" 2>/dev/null || true
  systemctl restart "$UNIT" || return 1
  local end=$((SECONDS + HEALTHY_WITHIN_S))
  until is_well; do
    ((SECONDS < end)) || return 1
    sleep 0.5
  done
  pid=$(main_pid)
  sleep "$STAYS_UP_S"
  is_well && [[ $(main_pid) == "$pid" ]]
}

main_pid() { systemctl show --property MainPID --value "$UNIT"; }

is_well() {
  systemctl is-active --quiet "$UNIT" && guardian_runs && answers
}

answers() {
  local scheme=http options=()
  if [[ -n $(configured teleop tlsCert) ]]; then
    scheme=https
    options=(--insecure)
  fi
  curl -fsS "${options[@]}" --max-time 5 -o /dev/null "$scheme://127.0.0.1:$(configured teleop port)/healthz" 2>/dev/null
}

guardian_runs() {
  local group pid
  group=$(systemctl show --property ControlGroup --value "$UNIT")
  while read -r pid; do
    if [[ $(cat "/proc/$pid/comm" 2>/dev/null) == roverd_guardian ]]; then return 0; fi
  done < <(cat /sys/fs/cgroup{,/systemd,/unified}"$group/cgroup.procs" 2>/dev/null)
  return 1
}

# After a step that failed: the release before, as it was.
return_to_previous() {
  if [[ -z $PREVIOUS || $(readlink "$ROOT/current") == "$PREVIOUS" && $RESTART == no ]]; then return 0; fi
  link_to "$PREVIOUS" "$ROOT/current"
  if [[ -n ${NODE_BEFORE-} ]]; then link_to "$NODE_BEFORE" "$ROOT/bin/node"; fi
  install_unit "$PREVIOUS"
  if [[ -n $FOLDER && $FOLDER != "$PREVIOUS" ]]; then rm -rf "$FOLDER"; fi
  FOLDER=$PREVIOUS
  if ! systemctl is-enabled --quiet "$UNIT"; then return 0; fi
  if [[ -n $NODE_BEFORE ]]; then NODE=$NODE_BEFORE; fi
  if start_service; then
    say "  release $(basename "$PREVIOUS") runs again"
  else
    say "  release $(basename "$PREVIOUS") does not start either: journalctl -u roverd"
  fi
}
