# shellcheck shell=bash
# Telling the network, by mDNS, and the person at the end.

announce() {
  local file=/etc/avahi/services/roverd.service wanted
  if [[ $DRY_RUN == yes ]]; then
    [[ -e $file ]] || say "would announce the robot by mDNS ($file)"
    return 0
  fi
  [[ -d /etc/avahi/services ]] || return 0
  wanted=$(service_description "$(configured robot name)" "$(configured teleop port)")
  [[ $(cat "$file" 2>/dev/null) != "$wanted" ]] || return 0
  do_it 'announce the robot by mDNS' write_announcement "$file" "$wanted"
}

write_announcement() {
  changed file "$1"
  printf '%s\n' "$2" >"$1"
}

# avahi.service(5); it reads the file by itself.
service_description() {
  cat <<XML
<?xml version="1.0" standalone='no'?>
<!DOCTYPE service-group SYSTEM "avahi-service.dtd">
<service-group>
  <name>$1</name>
  <service>
    <type>_https._tcp</type>
    <port>$2</port>
    <txt-record>path=/</txt-record>
    <txt-record>model=roverd</txt-record>
  </service>
</service-group>
XML
}

tell_the_end() {
  if [[ $DRY_RUN == yes ]]; then
    say 'Nothing was changed.'
    return 0
  fi
  rm -f "$CONFIG_BEFORE"
  local port scheme=http
  port=$(configured teleop port)
  if [[ -n $(configured teleop tlsCert) ]]; then scheme=https; fi
  say ''
  if systemctl is-active --quiet "$UNIT" 2>/dev/null; then
    say "Robot $(configured robot name) is ready at $scheme://$(hostname).local:$port"
    tell_pairing_code
  else
    say "Release $VERSION is installed. sudo systemctl enable --now roverd starts it."
  fi
  if [[ $REBOOT == yes ]]; then say 'I2C, camera or PWM were switched on: reboot before driving (sudo reboot).'; fi
}

tell_pairing_code() {
  [[ $UPDATE == no ]] || return 0
  local said
  said=$(as_roverd "$FOLDER/dist/roverd.js" pair --config "$CONFIG" --minutes 60)
  say "Pairing code: ${said%% *} (one device, once, within 60 minutes; roverd pair gives more)"
  if [[ -e $ETC/tls/certificate.pem ]]; then
    say "Its certificate is its own, so the browser warns once. SHA-256 $(openssl x509 -in "$ETC/tls/certificate.pem" -noout -fingerprint -sha256 | cut -d = -f 2 | cut -c 1-23)..."
  fi
}
