#include "pipeline.h"

#include <utility>

#include "encoder.h"
#include "source.h"

namespace roverd {
namespace {

/** How often the source is checked for having gone silent. */
constexpr GstClockTime kCheckInterval = 250 * GST_MSECOND;
constexpr auto kHandled =
    static_cast<GstMessageType>(GST_MESSAGE_ERROR | GST_MESSAGE_EOS | GST_MESSAGE_APPLICATION);

std::string Description(const CaptureOptions& options, Encoder encoder) {
  return SourceDescription(options) + " ! " + EncoderDescription(encoder, options) +
         " ! appsink name=units max-buffers=2" +
         // A file is held to its pace here; a live source sets its own.
         (options.source == Source::kFile ? " sync=true" : " sync=false async=false");
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
  if (options.source == Source::kFile) player_ = std::make_unique<FilePlayer>(options, camera.get(), bus_.get());
  GstAppSinkCallbacks callbacks{};
  callbacks.new_sample = &Pipeline::OnSample;
  gst_app_sink_set_callbacks(GST_APP_SINK(units.get()), &callbacks, this, nullptr);
}

Pipeline::~Pipeline() { Stop(); }

void Pipeline::Stop() {
  if (frames_ != nullptr) frames_->Close();
  gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
  if (player_ != nullptr) player_->Stop();
}

void Pipeline::Run() {
  Start();
  std::uint64_t seen = 0;
  gint64 seen_us = g_get_monotonic_time();
  while (!interrupted_) {
    const MessagePtr message(gst_bus_timed_pop_filtered(bus_.get(), kCheckInterval, kHandled));
    if (interrupted_) return;
    if (message != nullptr) Handle(message.get());
    const gint64 now_us = g_get_monotonic_time();
    if (std::exchange(seen, delivered_.load()) != seen) seen_us = now_us;
    if (now_us - seen_us > gint64{1000} * options_.stall_ms) throw Silent();
  }
}

void Pipeline::Start() {
  if (player_ != nullptr) player_->Play();
  if (gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE) return;
  const MessagePtr error(gst_bus_pop_filtered(bus_.get(), GST_MESSAGE_ERROR));
  if (error != nullptr) throw FailureOf(error.get(), delivered_any());
  throw Failure(FailureCode::kPipelineFailed, "GStreamer can't start the pipeline and gives no reason");
}

Failure Pipeline::Silent() const {
  const std::string silence = " gave no picture for " + std::to_string(options_.stall_ms) + " ms";
  // decodebin can swallow the error of a demuxer that refuses its file at once.
  if (player_ != nullptr && !delivered_any()) {
    return Failure(FailureCode::kPipelineFailed, options_.location + silence + ": is it a whole video?");
  }
  return Failure(FailureCode::kCameraLost, "The camera" + silence);
}

void Pipeline::Handle(GstMessage* message) {
  if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) throw FailureOf(message, delivered_any());
  if (GST_MESSAGE_TYPE(message) != GST_MESSAGE_EOS) return;
  if (player_ == nullptr || !player_->IsEnd(message)) {
    throw Failure(FailureCode::kCameraLost, "The camera ended its stream: was it unplugged?");
  }
  player_->Rewind();
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
