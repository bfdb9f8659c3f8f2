#include "file_player.h"

#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>

#include <algorithm>

#include "source.h"

namespace roverd {
namespace {

/** A machine too slow for the file shows less of it, and not an ever older part. */
constexpr GstClockTime kMaxLateness = 100 * GST_MSECOND;

}  // namespace

FilePlayer::FilePlayer(const CaptureOptions& options, GstElement* appsrc, GstBus* bus)
    : path_(options.location),
      period_(GST_SECOND / options.frames_per_s),
      appsrc_(appsrc),
      bus_(bus),
      description_(FileDescription(options)) {
  Open();
}

void FilePlayer::Open() {
  pipeline_ = Launch(description_);
  GstBin* bin = GST_BIN(pipeline_.get());
  const ElementPtr file(gst_bin_get_by_name(bin, "camera"));
  g_object_set(file.get(), "location", path_.c_str(), nullptr);
  const ElementPtr pictures(gst_bin_get_by_name(bin, "pictures"));
  GstAppSinkCallbacks callbacks{};
  callbacks.new_sample = [](GstAppSink* sink, gpointer self) {
    GstSample* sample = gst_app_sink_pull_sample(sink);
    if (sample == nullptr) return GST_FLOW_EOS;
    // Copies the times and takes a reference to the pixels.
    GstBuffer* picture = gst_buffer_copy(gst_sample_get_buffer(sample));
    gst_sample_unref(sample);
    return static_cast<FilePlayer*>(self)->Push(picture);
  };
  gst_app_sink_set_callbacks(GST_APP_SINK(pictures.get()), &callbacks, this, nullptr);
  const BusPtr own(gst_element_get_bus(pipeline_.get()));
  gst_bus_set_sync_handler(own.get(), &FilePlayer::OnMessage, this, nullptr);
}

FilePlayer::~FilePlayer() { Stop(); }

void FilePlayer::Play() {
  // A failure's particulars come over the bus.
  gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
}

void FilePlayer::Stop() { gst_element_set_state(pipeline_.get(), GST_STATE_NULL); }

GstBusSyncReply FilePlayer::OnMessage(GstBus*, GstMessage* message, gpointer self) {
  const GstMessageType type = GST_MESSAGE_TYPE(message);
  if (type == GST_MESSAGE_ERROR || type == GST_MESSAGE_EOS) {
    gst_bus_post(static_cast<FilePlayer*>(self)->bus_, gst_message_ref(message));
  }
  gst_message_unref(message);
  return GST_BUS_DROP;
}

bool FilePlayer::IsEnd(GstMessage* message) const {
  return GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS && GST_MESSAGE_SRC(message) == GST_OBJECT(pipeline_.get());
}

void FilePlayer::Rewind() {
  if (pictures_this_round_.exchange(0) == 0) {
    throw Failure(FailureCode::kPipelineFailed, "The file holds no video that can be played: " + path_);
  }
  // Not a seek: raw streams and broken indexes can't be sought in, and this takes a few ms more.
  Stop();
  Open();
  Play();
}

GstFlowReturn FilePlayer::Push(GstBuffer* picture) {
  // The base time is 0 until the appsrc plays.
  const GstClockTime base = gst_element_get_base_time(appsrc_);
  const GstClockTime now = gst_util_get_timestamp();
  if (base != 0 && now > base + kMaxLateness) {
    next_picture_ = std::max<std::uint64_t>(next_picture_, (now - base - kMaxLateness) / period_);
  }
  GST_BUFFER_PTS(picture) = next_picture_++ * period_;
  GST_BUFFER_DTS(picture) = GST_CLOCK_TIME_NONE;
  GST_BUFFER_DURATION(picture) = period_;
  pictures_this_round_++;
  return gst_app_src_push_buffer(GST_APP_SRC(appsrc_), picture);
}

}  // namespace roverd
