{
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
      "ldflags": ["-Wl,-z,nodelete"]
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
