{
  "variables": {
    # Empty, or the folder of an installed KVS WebRTC C SDK; stops here when there is none in it.
    "kvs_prefix%": "<!(node native/kvs-prefix.mjs)"
  },
  "targets": [
    {
      "target_name": "roverd_native",
      "sources": [
        "native/addon.cc",
        "native/arguments.cc",
        "native/capture.cc",
        "native/encoder.cc",
        "native/file_player.cc",
        "native/frame_input.cc",
        "native/gst.cc",
        "native/pipeline.cc",
        "native/session.cc",
        "native/source.cc"
      ],
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": ["NAPI_VERSION=8", "NAPI_CPP_EXCEPTIONS"],
      "cflags": [
        "<!@(pkg-config --cflags gstreamer-1.0 gstreamer-app-1.0)",
        "-O2",
        "-Wall",
        "-Wextra",
        "-fvisibility=hidden"
      ],
      "cflags_cc": ["-std=c++17"],
      "cflags_cc!": ["-fno-exceptions", "-fno-rtti", "-std=gnu++17", "-std=gnu++20"],
      "libraries": ["<!@(pkg-config --libs gstreamer-1.0 gstreamer-app-1.0)"],
      # A worker that loaded the addon unloads it when it ends; GLib's idle threads would then run unmapped code.
      "ldflags": ["-Wl,-z,nodelete"],
      "conditions": [
        ["kvs_prefix==''", {"sources": ["native/kvs_absent.cc"]}, {
          "sources": [
            "native/kvs/addresses.cc",
            "native/kvs/certificates.cc",
            "native/kvs/channels.cc",
            "native/kvs/connection.cc",
            "native/kvs/exports.cc",
            "native/kvs/log.cc",
            "native/kvs/log_session.cc",
            "native/kvs/path.cc",
            "native/kvs/peer.cc",
            "native/kvs/sctp.cc",
            "native/kvs/sdk.cc",
            "native/kvs/session.cc"
          ],
          "include_dirs": ["<(kvs_prefix)/include"],
          "libraries": ["<!@(node native/kvs-prefix.mjs libraries)"],
          # Node exports its own OpenSSL, to which another one's symbols would bind. native/kvs/sctp.h says why wrap.
          "ldflags": [
            "-Wl,--exclude-libs,ALL",
            "-Wl,-Bsymbolic",
            "-Wl,--wrap=usrsctp_socket",
            "-Wl,--wrap=usrsctp_close"
          ]
        }]
      ]
    },
    {
      "target_name": "roverd_guardian",
      "type": "executable",
      "sources": [
        "native/guardian.c",
        "native/guardian_job.c",
        "native/guardian_lanes.c",
        "native/guardian_once.c",
        "native/guardian_plan.c",
        "native/guardian_report.c"
      ],
      "defines": ["_GNU_SOURCE"],
      "cflags": ["-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "-fstack-protector-strong", "-pthread"],
      # Every symbol is looked up at start: nothing is left to load when the motors have to be silenced.
      "ldflags": ["-pthread", "-Wl,-z,relro,-z,now"]
    }
  ]
}
