/** Viewers that watch, talk, fall behind, flood, and leave at any moment. */
#include <random>

#include "checks.h"

using kvs_double::Script;
using kvs_double::seen;
using kvs_double::SetScript;

namespace roverd::kvs {
namespace {

std::shared_ptr<UnitSource> Lent(Camera& camera) { return {&camera, [](UnitSource*) {}}; }

void CheckTenWatch() {
  SetScript({});
  Camera camera;
  const int broken = seen().broken_frames;
  {
    std::vector<std::unique_ptr<Viewer>> viewers;
    for (int n = 0; n < 10; n++) {
      viewers.push_back(std::make_unique<Viewer>());
      CHECK(viewers.back()->peer().Attach(Lent(camera)));
      viewers.back()->peer().Answer("offer");
    }
    for (const auto& viewer : viewers) {
      CHECK(Until([&] { return viewer->Has(Event::Kind::kAnswer, "v=0\r\noffer"); }));
      CHECK(Until([&] { return viewer->Connected() && viewer->Count(Event::Kind::kCandidate) == 2; }));
      CHECK(Until([&] { return viewer->Count(Event::Kind::kChannelOpen) == 1; }));
      CHECK(Until([&] { return viewer->Count(Event::Kind::kData) == 3; }));
      CHECK(viewer->peer().channel() == 1);
      CHECK(Until([&] { return viewer->peer().Stats().frames_sent > 100; }));
      CHECK(Until([&] { return viewer->Has(Event::Kind::kKeyFrame) && viewer->Has(Event::Kind::kReport); }));
      const Report& report = viewer->Last(Event::Kind::kReport)->report;
      CHECK(report.loss_ratio && *report.loss_ratio > 0.09 && *report.loss_ratio < 0.11);
      CHECK(report.estimate_kbps == 2000.0);
    }
    CHECK(camera.sinks() == 10);
    for (int n = 0; n < 5; n++) viewers[n]->peer().Attach(nullptr);
    CHECK(camera.sinks() == 5);
  }
  CHECK(camera.sinks() == 0);
  CHECK(seen().broken_frames == broken);
}

void CheckChannels() {
  const int resets = seen().resets;
  const int acknowledged = seen().acknowledged;
  SetScript({3, 2, true, true, true});
  {
    Viewer viewer;
    viewer.peer().Answer("offer");
    // Its own is opened, closed by the viewer, and opened again; the others are closed.
    CHECK(Until([&] { return viewer.Count(Event::Kind::kChannelOpen) == 2; }));
    CHECK(viewer.Count(Event::Kind::kChannelClosed) == 1);
    CHECK(Until([&] { return seen().resets == resets + 3; }));
    Pause(20);
    CHECK(seen().resets == resets + 3);
    CHECK(seen().longest_label == 5);
    CHECK(seen().acknowledged == acknowledged + 2);
    CHECK(viewer.peer().SendText("text"));
  }
  SetScript({1, 0});
  {
    PeerOptions kept;
    kept.kept_channel = 6;
    Viewer viewer(kept);
    viewer.peer().Answer("offer");
    // Its first one counts; the one it announces besides is closed.
    CHECK(Until([&] { return viewer.Has(Event::Kind::kChannelOpen) && seen().resets == resets + 4; }));
    CHECK(viewer.peer().channel() == 6);
    CHECK(seen().acknowledged == acknowledged + 2);
  }
  SetScript({0, 9});
  {
    Viewer viewer;
    viewer.peer().Answer("offer");
    CHECK(Until([&] { return viewer.Has(Event::Kind::kState, "failed"); }));
    CHECK(!viewer.peer().Send(UnitOf(1, true)));
  }
  SetScript({5000, 0});
  {
    Viewer viewer;
    viewer.peer().Answer("offer");
    Pause(200);
    CHECK(Until([&] { return viewer.Has(Event::Kind::kState, "failed"); }));
    CHECK(viewer.Count(Event::Kind::kData) <= 1024 + 64);
  }
}

void CheckFallsBehind() {
  SetScript({0, 0, false, false, false, 30, 0});
  Camera camera;
  const int broken = seen().broken_frames;
  Viewer viewer;
  viewer.peer().Attach(Lent(camera));
  viewer.peer().Answer("offer");
  CHECK(Until([&] { return viewer.peer().Stats().frames_sent > 20; }));
  CHECK(viewer.peer().Stats().frames_dropped > 100);
  CHECK(seen().broken_frames == broken);
  viewer.peer().Attach(nullptr);
  CHECK(!viewer.peer().Send(UnitOf(1, false)));
  for (std::uint64_t number = 2; number < 5; number++) CHECK(viewer.peer().Send(UnitOf(number, number == 2)));
  // What waits behind frames that are slow to write is bounded.
  int texts = 0;
  while (texts < 10'000 && viewer.peer().SendText("text")) texts++;
  CHECK(texts >= 64 && texts < 10'000);
}

void CheckWriteFails() {
  SetScript({0, 0, false, false, false, 0, 50});
  Camera camera;
  const int broken = seen().broken_frames;
  Viewer viewer;
  viewer.peer().Attach(Lent(camera));
  viewer.peer().Answer("offer");
  CHECK(Until([&] { return viewer.peer().Stats().frames_sent > 100; }));
  CHECK(seen().broken_frames == broken);
}

/** Closed at any moment, while frames, candidates and texts go on coming. */
void CheckLeaveAtAnyMoment() {
  SetScript({20, 2});
  Camera camera;
  std::mt19937 random(1);
  for (int cycle = 0; cycle < 200; cycle++) {
    Viewer viewer;
    std::atomic<bool> over{false};
    viewer.peer().Attach(Lent(camera));
    viewer.peer().Answer("offer");
    std::thread other([&] {
      while (!over) {
        viewer.peer().AddCandidate("candidate:1 1 udp 1 192.0.2.7 9 typ host");
        viewer.peer().SendText("text");
        viewer.peer().Stats();
        Pause(1);
      }
    });
    Pause(static_cast<int>(random() % 12));
    if (cycle % 3 == 0) viewer.peer().Stop();
    over = true;
    other.join();
  }
}

}  // namespace

void CheckViewers() {
  CheckTenWatch();
  CheckChannels();
  CheckFallsBehind();
  CheckWriteFails();
  CheckLeaveAtAnyMoment();
  SetScript({});
  CHECK(Peer::Ids().empty());
  CHECK(seen().peers_alive == 0 && seen().sockets_alive == 0);
  CHECK(seen().addresses <= static_cast<int>(kMaxAddresses));
  CHECK(seen().certificates_alive <= 4);
}

}  // namespace roverd::kvs
