# shellcheck shell=bash
# Variables are shared with the other parts.
# shellcheck disable=SC2034,SC2153
# /etc/roverd/config.json and the certificate of the page. What is there is kept; an option that is given is set.

CONFIG=$ETC/config.json
CONFIG_BEFORE=$ROOT/config.before

# Runs roverd of this release as its user, as the service does.
as_roverd() {
  runuser -u roverd -- env -i PATH="$PATH" LANG=C.UTF-8 HOME="$STATE" GST_REGISTRY=/var/cache/roverd/gstreamer.bin "$NODE" "$@"
}

# What somebody put there as root, or as themselves: config.json and certs/ of the original, say.
let_roverd_read() {
  local file
  while read -r file; do
    if ! runuser -u roverd -- test -r "$file"; then
      do_it "give $file to roverd" chown roverd:roverd "$file"
    fi
  done < <(find "$ETC" -mindepth 1 2>/dev/null)
}

write_configuration() {
  local name choices content
  let_roverd_read
  name=$(hostname)
  choices=("name=$NAME" "driver=$MOTOR" "port=$PORT" "simulate=$SIMULATE" "hostname=${name//[^A-Za-z0-9_-]/-}" "update=$UPDATE" "etc=$ETC")
  if [[ $DRY_RUN == yes && ! -x $NODE ]]; then
    say "would write $CONFIG, as far as it has no settings of its own"
    return 0
  fi
  content=$("$NODE" "$RELEASE/installer/configuration.mjs" "$CONFIG" "${choices[@]}") || fail "$content"
  [[ -n $content ]] || return 0
  do_it "write $CONFIG (${content%%$'\n'*})" save_configuration "${content#*$'\n'}"
}

save_configuration() {
  rm -f "$CONFIG_BEFORE"
  [[ ! -e $CONFIG ]] || cp -p "$CONFIG" "$CONFIG_BEFORE"
  install -o roverd -g roverd -m 0600 /dev/null "$CONFIG.new"
  printf '%s\n' "$1" >"$CONFIG.new"
  mv -T "$CONFIG.new" "$CONFIG"
  RESTART=yes
}

restore_configuration() {
  if [[ -e $CONFIG_BEFORE ]]; then mv -T "$CONFIG_BEFORE" "$CONFIG"; fi
}

# Made once, and again when it is about to expire. 825 days are the most that Apple's browsers take.
make_certificate() {
  local certificate=$ETC/tls/certificate.pem
  if [[ -e $certificate ]] && openssl x509 -checkend $((60 * 86400)) -noout -in "$certificate" >/dev/null; then return 0; fi
  do_it "make a TLS certificate for $(hostname).local" new_certificate "$ETC/tls" "$(hostname)"
}

new_certificate() {
  local folder=$1 name=$2
  install -d -o roverd -g roverd -m 0700 "$folder"
  (
    umask 077
    quietly openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 825 \
      -subj "/CN=$name.local" -addext "subjectAltName=DNS:$name.local,DNS:$name,DNS:localhost,IP:127.0.0.1" \
      -addext 'extendedKeyUsage=serverAuth' -keyout "$folder/key.pem.new" -out "$folder/certificate.pem.new"
  )
  chown roverd:roverd "$folder/key.pem.new" "$folder/certificate.pem.new"
  mv -T "$folder/key.pem.new" "$folder/key.pem"
  mv -T "$folder/certificate.pem.new" "$folder/certificate.pem"
  RESTART=yes
}

# Before the running release is touched.
check_configuration() {
  [[ $DRY_RUN == no ]] || return 0
  local said
  # In the place of the release that will read it, which roverd may enter.
  said=$(as_roverd "$FOLDER/dist/roverd.js" config --config "$CONFIG" 2>&1) ||
    fail "Release $VERSION does not take the configuration in $CONFIG:"$'\n'"$said"
}

# One value of the configuration in effect, by section and name.
configured() {
  as_roverd "$FOLDER/dist/roverd.js" config --config "$CONFIG" --json |
    "$NODE" -p 'JSON.parse(require("node:fs").readFileSync(0, "utf8")).config[process.argv[1]][process.argv[2]]' "$1" "$2"
}
