#pragma once

#include <gst/gst.h>

#include <string>

#include "options.h"

namespace roverd {

/** The part of the pipeline in front of the encoder, in gst-launch syntax; its source element is named `camera`. */
std::string SourceDescription(const CaptureOptions& options);

/** Reads and decodes a file into the appsink `pictures`, as the pictures that the source `file` above takes. */
std::string FileDescription(const CaptureOptions& options);

/** Sets device or camera name on the element `camera`: they are a person's words and not for the syntax above. */
void PointCamera(GstElement* camera, const CaptureOptions& options);

}  // namespace roverd
