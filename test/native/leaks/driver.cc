/**
 * Runs captures without Node, for the sanitizers: driver <cycles> <video file>.
 * Every cycle takes another scenario; each checks what it got and ends with nothing running.
 */
#include <gst/gst.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include "../../../native/capture.h"
#include "../../../native/gst.h"
#include "fake_encoder.h"

namespace {

using roverd::Capture;
using roverd::CaptureOptions;
using roverd::Encoder;
using roverd::Source;
using namespace std::chrono_literals;

constexpr auto kPatience = 60s;

void Check(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "FAILED: %s\n", what);
  std::_Exit(3);
}

/** Reads as JavaScript would, on this thread. */
class Reader {
 public:
  explicit Reader(const CaptureOptions& options) {
    capture = Capture::Start(options, [bell = bell_] {
      { const std::lock_guard<std::mutex> lock(bell->mutex); bell->rung = true; }
      bell->signal.notify_all();
    });
  }

  /** Reads until there were `count` units or the capture ended; returns how many came. */
  int Read(int count) {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    int got = 0;
    while (got < count) {
      const bool ended = capture->WaitUntilEnded(0);
      while (const auto unit = capture->TakeUnit()) {
        Check(got > 0 || seen > 0 || unit->key_frame, "a capture begins with a key frame");
        got++;
        seen++;
        if (unit->key_frame) key_frames++;
      }
      if (const auto failure = capture->TakeFailure()) code = roverd::Name(failure->code());
      if (ended) break;
      std::unique_lock<std::mutex> lock(bell_->mutex);
      bell_->signal.wait_for(lock, 100ms, [this] { return bell_->rung; });
      bell_->rung = false;
      Check(std::chrono::steady_clock::now() < end, "pictures in time");
    }
    return got;
  }

  void Stop() {
    capture->Stop();
    Check(capture->WaitUntilEnded(10'000), "the end of a capture in time");
    Check(!capture->TakeUnit(), "nothing after a stop");
  }

  std::shared_ptr<Capture> capture;
  int seen = 0;
  int key_frames = 0;
  std::string code;

 private:
  struct Bell {
    std::mutex mutex;
    std::condition_variable signal;
    bool rung = false;
  };
  std::shared_ptr<Bell> bell_ = std::make_shared<Bell>();
};

CaptureOptions Options(Source source, const std::string& location = "") {
  CaptureOptions options;
  options.source = source;
  options.location = location;
  options.width = 160;
  options.height = 120;
  options.frames_per_s = 60;
  options.encoder = Encoder::kX264;
  return options;
}

void Live() {
  Reader reader(Options(Source::kTest));
  Check(reader.Read(3) >= 3, "pictures");
  reader.capture->SetBitrateKbps(2000);
  reader.capture->RequestKeyFrame();
  reader.Read(8);
  Check(reader.key_frames >= 2, "a key frame on demand");
  reader.Stop();
}

void StoppedWhileStarting(int n) {
  Reader reader(Options(Source::kTest));
  std::this_thread::sleep_for(std::chrono::microseconds(n * 397 % 20'000));
  reader.Stop();
}

/** Two threads push at once while a third stops. */
void Pushed() {
  Reader reader(Options(Source::kPushed));
  std::atomic<bool> done{false};
  const auto push = [&done, capture = reader.capture] {
    const std::vector<std::uint8_t> picture(capture->frame_bytes(), 77);
    while (!done) {
      capture->Push(picture.data(), g_get_monotonic_time());
      std::this_thread::sleep_for(1ms);
    }
  };
  std::thread a(push);
  std::thread b(push);
  Check(reader.Read(10) >= 10, "pushed pictures");
  reader.Stop();
  done = true;
  a.join();
  b.join();
}

void Unplugged() {
  Reader reader(Options(Source::kPushed));
  const std::vector<std::uint8_t> picture(reader.capture->frame_bytes(), 77);
  while (!reader.capture->Push(picture.data(), g_get_monotonic_time())) std::this_thread::sleep_for(1ms);
  reader.capture->EndFrames();
  reader.Read(1000);
  Check(reader.code == "camera_lost", "camera_lost");
  reader.Stop();
}

/** Nobody reads for longer than the queue holds. */
void Neglected() {
  Reader reader(Options(Source::kTest));
  reader.Read(1);
  std::this_thread::sleep_for(400ms);
  reader.Read(5);
  Check(reader.capture->Stats().units_dropped > 0, "dropped units");
  Check(reader.key_frames >= 2, "a key frame after a pause");
  reader.Stop();
}

void File(const std::string& path, int units) {
  Reader reader(Options(Source::kFile, path));
  Check(reader.Read(units) >= units, "pictures of a file");
  reader.Stop();
}

void Missing() {
  for (const auto& options : {Options(Source::kFile, "/no/such/file"), Options(Source::kV4l2, "/dev/video-none")}) {
    Reader reader(options);
    Check(reader.Read(1) == 0, "no picture");
    Check(reader.code == "camera_missing", "camera_missing");
    reader.Stop();
  }
}

void Hardware() {
  FakeEncoder::opens = true;
  FakeEncoder::starts = true;
  FakeEncoder::key_frames_forced = 0;
  auto options = Options(Source::kTest);
  options.encoder = Encoder::kAuto;
  options.bitrate_kbps = 700;
  Reader reader(options);
  Check(reader.Read(3) >= 3, "pictures of the hardware encoder");
  Check(reader.capture->Stats().encoder == "v4l2h264enc", "the hardware encoder is chosen");
  Check(FakeEncoder::bitrate == 700'000, "its bit rate");
  reader.capture->SetBitrateKbps(900);
  Check(FakeEncoder::bitrate == 900'000, "its bit rate while running");
  reader.capture->RequestKeyFrame();
  Check(FakeEncoder::key_frames_forced == 1, "its key frame on demand");
  reader.Read(5);
  Check(reader.key_frames >= 2, "a key frame of the hardware encoder");
  reader.Stop();
}

void HardwareUnfit() {
  for (const bool opens : {true, false}) {
    FakeEncoder::opens = opens;
    FakeEncoder::starts = false;
    auto options = Options(Source::kTest);
    options.encoder = Encoder::kAuto;
    Reader reader(options);
    Check(reader.Read(2) >= 2, "pictures without the hardware encoder");
    Check(reader.capture->Stats().encoder == "x264enc", "x264 instead");
    reader.Stop();

    options.encoder = Encoder::kV4l2;
    Reader strict(options);
    Check(strict.Read(1) == 0, "no other encoder than the one asked for");
    Check(strict.code == (opens ? "pipeline_failed" : "encoder_missing"), "the reason");
    strict.Stop();
  }
}

void Cycle(int n, const std::string& video) {
  switch (n % 10) {
    case 0: return Live();
    case 1: return Pushed();
    case 2: return Unplugged();
    case 3: return File(video, 2);
    case 4: return Missing();
    case 5: return Hardware();
    case 6: return HardwareUnfit();
    case 7: return n % 50 == 7 ? Neglected() : Live();
    case 8: return n % 50 == 8 ? File(video, 70) : Pushed();
    default: return StoppedWhileStarting(n);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const int cycles = std::atoi(argv[1]);
  roverd::InitGStreamer();
  FakeEncoder::Register();
  for (int n = 0; n < cycles; n++) Cycle(n, argv[2]);
  Check(Capture::Ids().empty(), "no capture is left");
  // Threads have told their end and are a few instructions from it.
  std::this_thread::sleep_for(200ms);
  gst_deinit();
  std::printf("%d cycles\n", cycles);
}
