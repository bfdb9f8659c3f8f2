#include "frame_input.h"

#include <gst/app/gstappsrc.h>

namespace roverd {
namespace {

/** One picture being converted and two waiting: what a loaded machine's scheduler needs, and no more delay than that. */
constexpr guint kPictures = 3;

}  // namespace

FrameInput::FrameInput(GstElement* appsrc, std::size_t frame_bytes)
    : appsrc_(GST_ELEMENT(gst_object_ref(appsrc))), frame_bytes_(frame_bytes), pool_(gst_buffer_pool_new()) {
  GstStructure* config = gst_buffer_pool_get_config(pool_.get());
  gst_buffer_pool_config_set_params(config, nullptr, static_cast<guint>(frame_bytes), 0, kPictures);
  if (!gst_buffer_pool_set_config(pool_.get(), config) || !gst_buffer_pool_set_active(pool_.get(), TRUE)) {
    gst_object_unref(appsrc_);
    throw Failure(FailureCode::kPipelineFailed, "No memory for pictures");
  }
}

FrameInput::~FrameInput() {
  Close();
  gst_object_unref(appsrc_);
}

bool FrameInput::Push(const std::uint8_t* rgba, std::int64_t captured_us) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (closed_ || captured_us <= last_captured_us_) return false;
  GstBufferPoolAcquireParams params{};
  params.flags = GST_BUFFER_POOL_ACQUIRE_FLAG_DONTWAIT;
  GstBuffer* buffer = nullptr;
  if (gst_buffer_pool_acquire_buffer(pool_.get(), &buffer, &params) != GST_FLOW_OK) return false;
  gst_buffer_fill(buffer, 0, rgba, frame_bytes_);
  // The pipeline's base time is 0, so that running time is CLOCK_MONOTONIC.
  GST_BUFFER_PTS(buffer) = static_cast<GstClockTime>(captured_us) * 1000;
  if (gst_app_src_push_buffer(GST_APP_SRC(appsrc_), buffer) != GST_FLOW_OK) return false;
  last_captured_us_ = captured_us;
  return true;
}

void FrameInput::End() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (closed_) return;
  closed_ = true;
  gst_app_src_end_of_stream(GST_APP_SRC(appsrc_));
}

void FrameInput::Close() {
  const std::lock_guard<std::mutex> lock(mutex_);
  closed_ = true;
  gst_buffer_pool_set_active(pool_.get(), FALSE);
}

}  // namespace roverd
