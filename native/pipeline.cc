#include "pipeline.h"

#include <algorithm>
#include <utility>

#include "encoder.h"
#include "source.h"

namespace roverd {
namespace {

/** How often the source is checked for having gone silent. */
constexpr int kCheckMs = 250;

constexpr auto kEnds = static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_SEGMENT_DONE);
constexpr auto kPrerolled = static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ASYNC_DONE);
constexpr auto kLoop = static_cast<GstSeekFlags>(GST_SEEK_FLAG_SEGMENT);
constexpr auto kFirstLoop = static_cast<GstSeekFlags>(GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_SEGMENT);

bool Is(const MessagePtr& message, GstMessageType type) {
  return message != nullptr && GST_MESSAGE_TYPE(message.get()) == type;
}

std::string Description(const CaptureOptions& options, Encoder encoder) {
  return SourceDescription(options) + " ! " + EncoderDescription(encoder, options) +
         " ! appsink name=units sync=false max-buffers=2" +
         // A file has to preroll before it can be told to loop; live sources have nothing to wait for.
         (options.source == Source::kFile ? "" : " async=false");
}

}  // namespace

Pipeline::Pipeline(const CaptureOptions& options, Encoder encoder, std::function<void(Unit&&)> deliver)
    : options_(options), encoder_kind_(encoder), deliver_(std::move(deliver)) {
  pipeline_ = Launch(Description(options, encoder));
  bus_.reset(gst_element_get_bus(pipeline_.get()));
  GstBin* bin = GST_BIN(pipeline_.get());
  encoder_.reset(gst_bin_get_by_name(bin, "encoder"));
  const ElementPtr camera(gst_bin_get_by_name(bin, "camera"));
  const ElementPtr units(gst_bin_get_by_name(bin, "units"));
  PointCamera(camera.get(), options);

  // CLOCK_MONOTONIC, whatever clock a source would offer.
  GstClock* clock = gst_system_clock_obtain();
  gst_pipeline_use_clock(GST_PIPELINE(pipeline_.get()), clock);
  gst_object_unref(clock);
  if (options.source == Source::kPushed) {
    frames_ = std::make_unique<FrameInput>(camera.get(), std::size_t{4} * options.width * options.height);
    gst_element_set_start_time(pipeline_.get(), GST_CLOCK_TIME_NONE);
    gst_element_set_base_time(pipeline_.get(), 0);
  }
  GstAppSinkCallbacks callbacks{};
  callbacks.new_sample = &Pipeline::OnSample;
  gst_app_sink_set_callbacks(GST_APP_SINK(units.get()), &callbacks, this, nullptr);
}

Pipeline::~Pipeline() { Stop(); }

void Pipeline::Stop() {
  if (frames_ != nullptr) frames_->Close();
  gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
}

Pipeline::Ending Pipeline::Run() {
  if (options_.source == Source::kFile) {
    StartFile();
  } else {
    SetState(GST_STATE_PLAYING);
  }
  std::uint64_t seen = 0;
  gint64 seen_us = g_get_monotonic_time();
  while (!interrupted_) {
    const MessagePtr message = Wait(kEnds, kCheckMs);
    if (interrupted_) break;
    const gint64 now_us = g_get_monotonic_time();
    const bool moved = std::exchange(seen, delivered_.load()) != seen;
    if (moved) seen_us = now_us;
    if (Is(message, GST_MESSAGE_EOS)) {
      if (options_.source == Source::kFile && delivered_any()) return Ending::kEndOfFile;
      throw Ended();
    }
    if (Is(message, GST_MESSAGE_SEGMENT_DONE)) {
      // A file with nothing to show reaches its end at once, over and over.
      if (!moved) g_usleep(10'000);
      SeekToStart(kLoop);
    }
    if (now_us - seen_us > gint64{1000} * options_.stall_ms) {
      throw Failure(FailureCode::kCameraLost,
                    "The camera gave no picture for " + std::to_string(options_.stall_ms) + " ms");
    }
  }
  return Ending::kInterrupted;
}

void Pipeline::StartFile() {
  SetState(GST_STATE_PAUSED);
  const MessagePtr message = Wait(kPrerolled, options_.stall_ms);
  if (interrupted_) return;
  if (!Is(message, GST_MESSAGE_ASYNC_DONE)) throw Ended();
  // A raw stream can't be sought in: it plays to its end, and a new pipeline plays it again.
  if (SeekToStart(kFirstLoop)) Wait(GST_MESSAGE_ASYNC_DONE, options_.stall_ms);
  if (interrupted_) return;
  SetState(GST_STATE_PLAYING);
}

bool Pipeline::SeekToStart(GstSeekFlags flags) {
  return gst_element_seek(pipeline_.get(), 1.0, GST_FORMAT_TIME, flags, GST_SEEK_TYPE_SET, 0,
                          GST_SEEK_TYPE_NONE, 0);
}

void Pipeline::SetState(GstState state) {
  if (gst_element_set_state(pipeline_.get(), state) != GST_STATE_CHANGE_FAILURE) return;
  const MessagePtr error(gst_bus_pop_filtered(bus_.get(), GST_MESSAGE_ERROR));
  if (error != nullptr) throw FailureOf(error.get(), delivered_any());
  throw Failure(FailureCode::kPipelineFailed, "GStreamer can't start the pipeline and gives no reason");
}

/** The next message of `types`, or null after the time-out or an interruption; errors throw. */
MessagePtr Pipeline::Wait(GstMessageType types, int timeout_ms) {
  const gint64 end_us = g_get_monotonic_time() + gint64{1000} * timeout_ms;
  while (!interrupted_) {
    const gint64 left_us = end_us - g_get_monotonic_time();
    if (left_us <= 0) break;
    // Interrupt() posts an application message; the bound covers one posted while the bus was flushing.
    const GstClockTime slice = std::min<gint64>(left_us, gint64{1000} * kCheckMs) * GST_USECOND;
    const auto wanted = static_cast<GstMessageType>(types | GST_MESSAGE_ERROR | GST_MESSAGE_APPLICATION);
    MessagePtr message(gst_bus_timed_pop_filtered(bus_.get(), slice, wanted));
    if (Is(message, GST_MESSAGE_ERROR)) throw FailureOf(message.get(), delivered_any());
    if (message != nullptr && !Is(message, GST_MESSAGE_APPLICATION)) return message;
  }
  return nullptr;
}

Failure Pipeline::Ended() const {
  if (options_.source == Source::kFile) {
    return Failure(FailureCode::kPipelineFailed, "The file holds no video that can be played: " + options_.location);
  }
  return Failure(FailureCode::kCameraLost, "The camera ended its stream: was it unplugged?");
}

void Pipeline::Interrupt() {
  interrupted_ = true;
  gst_bus_post(bus_.get(), gst_message_new_application(nullptr, gst_structure_new_empty("roverd-interrupt")));
}

void Pipeline::RequestKeyFrame() { ForceKeyFrame(encoder_.get(), encoder_kind_); }

void Pipeline::SetBitrateKbps(int kbps) { SetBitrate(encoder_.get(), encoder_kind_, kbps); }

GstFlowReturn Pipeline::OnSample(GstAppSink* sink, gpointer self) {
  auto* pipeline = static_cast<Pipeline*>(self);
  GstSample* sample = gst_app_sink_pull_sample(sink);
  if (sample == nullptr) return GST_FLOW_EOS;
  GstFlowReturn result = GST_FLOW_OK;
  try {
    pipeline->deliver_(pipeline->UnitOf(sample));
    pipeline->delivered_++;
  } catch (const std::exception&) {
    // Out of memory. GStreamer's C code can't be unwound through; it reports the flow error on the bus.
    result = GST_FLOW_ERROR;
  }
  gst_sample_unref(sample);
  return result;
}

Unit Pipeline::UnitOf(GstSample* sample) {
  GstBuffer* buffer = gst_sample_get_buffer(sample);
  // Encoders shift time stamps (x264enc by 1000 h) and say so in the segment: running time is what they keep.
  const GstClockTime running = gst_segment_to_running_time(gst_sample_get_segment(sample), GST_FORMAT_TIME,
                                                           GST_BUFFER_PTS(buffer));
  Unit unit;
  unit.data.resize(gst_buffer_get_size(buffer));
  gst_buffer_extract(buffer, 0, unit.data.data(), unit.data.size());
  unit.captured_us = GST_CLOCK_TIME_IS_VALID(running)
                         ? static_cast<std::int64_t>((running + gst_element_get_base_time(pipeline_.get())) / 1000)
                         : g_get_monotonic_time();
  unit.key_frame = !GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT);
  return unit;
}

}  // namespace roverd
