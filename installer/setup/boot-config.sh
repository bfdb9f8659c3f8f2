# shellcheck shell=bash
# Variables are shared with the other parts.
# shellcheck disable=SC2034
# What the firmware and the kernel have to switch on: I2C, the camera, and the Explorer HAT's software PWM and LEDs.

REBOOT=no

boot_config() {
  local path
  for path in /boot/firmware/config.txt /boot/config.txt; do
    if [[ -f $path ]]; then
      echo "$path"
      return 0
    fi
  done
}

# The EEPROM of a HAT tells its product at boot, before I2C is on; a pHAT has none.
has_explorer_hat() {
  [[ $MOTOR == explorer-hat ]] || { [[ -z $MOTOR || $MOTOR == auto ]] && grep -qsi 'explorer' /proc/device-tree/hat/product; }
}

# What is there already, at its own place and uncommented, is not repeated.
wanted_lines() {
  local file=$1 line pin led
  local lines=('dtparam=i2c_arm=on' 'camera_auto_detect=1')
  if has_explorer_hat; then
    for pin in 20 19 26 21; do lines+=("dtoverlay=pwm-gpio,gpio=$pin"); done
    for led in 4,label=roverd:blue 17,label=roverd:yellow 27,label=roverd:red 5,label=roverd:green; do
      lines+=("dtoverlay=gpio-led,gpio=$led")
    done
  fi
  for line in "${lines[@]}"; do
    remaining_lines "$file" | grep -qxF "$line" || echo "$line"
  done
}

# The file without our block.
remaining_lines() { sed "/^$BLOCK_BEGIN/,/^$BLOCK_END\$/d" "$1"; }

enable_hardware() {
  local modules=/etc/modules-load.d/roverd.conf
  if [[ $SIMULATE == no && $UPDATE == no && ! -e $modules ]]; then
    do_it "load the kernel module i2c-dev at boot ($modules)" load_i2c "$modules"
  fi
  local file lines
  file=$(boot_config)
  if [[ -z $file || $SIMULATE == yes || $UPDATE == yes ]]; then return 0; fi
  lines=$(wanted_lines "$file")
  # A second run that does not name the HAT keeps what the first one switched on for it.
  if [[ -z $MOTOR ]] && grep -q "^$BLOCK_BEGIN" "$file"; then return 0; fi
  [[ $(block_of "$file") != "$lines" ]] || return 0
  do_it "switch on in $file: ${lines//$'\n'/, }" write_block "$file" "$lines"
  REBOOT=yes
}

load_i2c() {
  changed file "$1"
  echo i2c-dev >"$1"
  modprobe i2c-dev 2>/dev/null || true
}

block_of() { sed -n "/^$BLOCK_BEGIN/,/^$BLOCK_END\$/p" "$1" | grep -v -e "^$BLOCK_BEGIN" -e "^$BLOCK_END\$" -e '^\[all\]$' || true; }

write_block() {
  changed block "$1"
  remove_block "$1"
  [[ -n $2 ]] || return 0
  local begin=$BLOCK_BEGIN
  if [[ -s $1 && -n $(tail -c 1 "$1") ]]; then
    begin="$BLOCK_BEGIN (after a line without end)"
    echo >>"$1"
  fi
  # [all]: whatever filter the file ends in must not hold for these.
  printf '%s\n[all]\n%s\n%s\n' "$begin" "$2" "$BLOCK_END" >>"$1"
}
