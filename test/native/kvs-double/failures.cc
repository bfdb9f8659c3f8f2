/** Every call into the SDK fails once. */
#include "checks.h"

using kvs_double::FailNext;
using kvs_double::FailureUsed;

namespace roverd::kvs {

/** Without these there is no answer, and the failure says which. */
const char* const kNegotiating[] = {
    "createPeerConnection",
    "peerConnectionOnIceCandidate",
    "peerConnectionOnConnectionStateChange",
    "peerConnectionOnDataChannel",
    "peerConnectionOnSenderBandwidthEstimation",
    "addSupportedCodec",
    "addTransceiver",
    "configureTransceiverRollingBuffer",
    "transceiverOnPictureLoss",
    "transceiverOnBandwidthEstimation",
    "setRemoteDescription",
    "setLocalDescription",
    "createAnswer",
};

/** Without these it goes on. */
const char* const kOther[] = {
    "createRtcCertificate", "freeRtcCertificate",          "addIceCandidate",     "writeFrame",
    "dataChannelSend",      "rtcPeerConnectionGetMetrics", "closePeerConnection", "freePeerConnection",
};

void CheckInitFails() {
  FailNext("initKvsWebRtc");
  Viewer viewer;
  viewer.peer().Answer("offer");
  CHECK(Until([&] { return viewer.Has(Event::Kind::kRefused, "initKvsWebRtc"); }));
  CHECK(viewer.Last(Event::Kind::kRefused)->number == kvs_double::kInjected);
}

void CheckFailures() {
  for (const char* call : kNegotiating) {
    FailNext(call);
    Viewer viewer;
    viewer.peer().Answer("offer");
    CHECK(Until([&] { return viewer.Has(Event::Kind::kRefused, call); }));
    CHECK(viewer.Last(Event::Kind::kRefused)->number == kvs_double::kInjected);
    CHECK(!viewer.Has(Event::Kind::kAnswer));
    viewer.peer().AddCandidate("candidate:1 1 udp 1 192.0.2.7 9 typ host");
    CHECK(!viewer.peer().SendText("text"));
    CHECK(FailureUsed());
  }
  Camera camera;
  for (const char* call : kOther) {
    FailNext(call);
    {
      Viewer viewer;
      viewer.peer().Attach(std::shared_ptr<UnitSource>(&camera, [](UnitSource*) {}));
      viewer.peer().Answer("offer");
      CHECK(Until([&] { return viewer.Has(Event::Kind::kAnswer); }));
      viewer.peer().AddCandidate("candidate:1 1 udp 1 192.0.2.7 9 typ host");
      CHECK(Until([&] { return viewer.peer().SendText("text"); }));
      CHECK(Until([&] { return viewer.peer().Stats().frames_sent > 30; }));
      CHECK(Until([&] { return viewer.Has(Event::Kind::kReport); }));
      // The next viewer takes a certificate, and with it the fault of making or freeing one.
      Viewer second;
      second.peer().Answer("offer");
      CHECK(Until([&] { return second.Connected(); }));
    }
    CHECK(Until(FailureUsed));
  }
  {
    FailNext("dataChannelOnMessage");
    Viewer viewer;
    viewer.peer().Answer("offer");
    CHECK(Until([&] { return viewer.Has(Event::Kind::kChannelOpen); }));
    CHECK(FailureUsed());
  }
}

}  // namespace roverd::kvs
