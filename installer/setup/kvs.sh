# shellcheck shell=bash
# The addon compiled against the KVS WebRTC C SDK of this machine (--kvs-sdk), in place of the release's own.
# What an update has to use again stands in the release: kvs-sdk, with the SDK's folder and the checksum of it.

KVS_HEADER=include/com/amazonaws/kinesis/video/webrtcclient/Include.h

# An update goes on with the SDK that the release in use was compiled against, as long as that is there.
check_kvs_sdk() {
  local before=$ROOT/current/kvs-sdk
  if [[ $UPDATE == yes && -z $KVS_SDK && -r $before ]]; then
    KVS_SDK=$(head -n 1 "$before")
    [[ -r $KVS_SDK/$KVS_HEADER ]] || {
      say "The KVS WebRTC C SDK is no longer in $KVS_SDK: goes on without it."
      KVS_SDK=''
    }
  fi
  [[ -n $KVS_SDK ]] || return 0
  [[ -r $KVS_SDK/$KVS_HEADER ]] ||
    fail "Expected --kvs-sdk to name the folder in which the KVS WebRTC C SDK is installed but $KVS_SDK/$KVS_HEADER is missing."
  local library
  for library in kvsWebrtcClient kvspicState kvspicUtils; do
    has_kvs_library "$library" ||
      fail "Expected lib$library.a in $KVS_SDK/lib: build the SDK with -DBUILD_STATIC_LIBS=ON."
  done
}

has_kvs_library() { [[ -r $KVS_SDK/lib/lib$1.a || -r $KVS_SDK/lib64/lib$1.a ]]; }

kvs_packages() {
  printf '%s\n' g++ make python3 pkg-config libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev libssl-dev
  # Where the SDK was built with Debian's, it does not bring these.
  local library
  for library in srtp2 usrsctp; do
    has_kvs_library "$library" || echo "lib$library-dev"
  done
}

kvs_stamp() {
  echo "$KVS_SDK"
  (cd "$KVS_SDK" && find . -type f \( -name '*.a' -o -name '*.h' \) -print0 | sort -z | xargs -0 sha256sum | sha256sum)
}

build_for_kvs_sdk() {
  [[ -n $KVS_SDK ]] || return 0
  local built
  if [[ $DRY_RUN == yes ]]; then
    say "would compile the addon against the KVS WebRTC C SDK in $KVS_SDK"
    return 0
  fi
  kvs_stamp >"$RELEASE/kvs-sdk"
  for built in "$ROOT/releases/$VERSION" "$ROOT/releases/$VERSION"+*; do
    if [[ -r $built/kvs-sdk ]] && cmp -s "$built/kvs-sdk" "$RELEASE/kvs-sdk" && diff -rq "$RELEASE/kit" "$built/kit" >/dev/null; then
      cp -a "$built/build/Release/roverd_native.node" "$RELEASE/build/Release/"
      return 0
    fi
  done
  do_it "compile the addon against the KVS WebRTC C SDK in $KVS_SDK (on a Raspberry Pi, some minutes)" compile_addon
}

compile_addon() {
  local work=$RELEASE/../kit jobs memory_kb
  memory_kb=$(sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo)
  # The compiler takes 300 MB a source.
  jobs=$((memory_kb / 500000 < $(nproc) ? memory_kb / 500000 : $(nproc)))
  rm -rf "$work"
  cp -a "$RELEASE/kit" "$work"
  (
    cd "$work"
    export PATH=${NODE%/*}:$PATH KVS_WEBRTC_PREFIX=$KVS_SDK npm_config_nodedir=$work/node
    quietly "$NODE" node_modules/node-gyp/bin/node-gyp.js rebuild --nodedir="$work/node" --jobs="$((jobs > 0 ? jobs : 1))"
  ) || fail "The addon can't be compiled against the KVS WebRTC C SDK in $KVS_SDK. Without --kvs-sdk roverd brings its own WebRTC."
  strip --strip-unneeded "$work/build/Release/roverd_native.node"
  "$NODE" -e 'if (!require(process.argv[1]).kvs) throw new Error("it does not hold the engine")' "$work/build/Release/roverd_native.node" ||
    fail "The addon that was compiled against the KVS WebRTC C SDK in $KVS_SDK can't be loaded."
  mv "$work/build/Release/roverd_native.node" "$RELEASE/build/Release/"
  rm -rf "$work"
}
