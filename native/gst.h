#pragma once

#include <gst/gst.h>

#include <memory>
#include <string>

#include "failure.h"

namespace roverd {

struct ObjectUnref {
  void operator()(void* object) const { gst_object_unref(object); }
};
using ElementPtr = std::unique_ptr<GstElement, ObjectUnref>;
using BusPtr = std::unique_ptr<GstBus, ObjectUnref>;
using PadPtr = std::unique_ptr<GstPad, ObjectUnref>;
using PoolPtr = std::unique_ptr<GstBufferPool, ObjectUnref>;

struct MessageUnref {
  void operator()(GstMessage* message) const { gst_message_unref(message); }
};
using MessagePtr = std::unique_ptr<GstMessage, MessageUnref>;

/** Initialises GStreamer, once a process. Never called on a JavaScript thread: a first registry scan takes seconds. */
void InitGStreamer();

/** Builds a pipeline from gst-launch syntax; throws a Failure that names the Debian package of a missing element. */
ElementPtr Launch(const std::string& description);

/** What an error message on the bus means to the person who has to act on it. */
Failure FailureOf(GstMessage* error, bool had_pictures);

}  // namespace roverd
