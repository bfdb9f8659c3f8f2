#pragma once

#include <gst/gst.h>

#include <atomic>
#include <cstdint>
#include <string>

#include "gst.h"
#include "options.h"

namespace roverd {

/**
 * Decodes a video file over and over into an appsrc that blocks while it is full. The pictures are numbered through
 * all rounds and get their times from that, so that nothing behind the appsrc sees where the file begins anew; what
 * waits in the appsrc covers the time that takes.
 */
class FilePlayer {
 public:
  /** Errors and the end of each round are posted on `bus`. Throws Failure. */
  FilePlayer(const CaptureOptions& options, GstElement* appsrc, GstBus* bus);
  ~FilePlayer();
  FilePlayer(const FilePlayer&) = delete;
  FilePlayer& operator=(const FilePlayer&) = delete;

  void Play();
  /** Whether this message is the end of a round. */
  bool IsEnd(GstMessage* message) const;
  /** Starts the next round. Throws Failure when the last one had no picture. */
  void Rewind();
  /** The appsrc must have been stopped before, as the player may wait for it. */
  void Stop();

 private:
  static GstBusSyncReply OnMessage(GstBus* own, GstMessage* message, gpointer self);
  void Open();
  GstFlowReturn Push(GstBuffer* picture);

  const std::string path_;
  const GstClockTime period_;
  GstElement* const appsrc_;
  GstBus* const bus_;
  const std::string description_;
  ElementPtr pipeline_;
  std::uint64_t next_picture_ = 0;
  std::atomic<std::uint64_t> pictures_this_round_{0};
};

}  // namespace roverd
