#pragma once

#include <gst/gst.h>

#include <string>

#include "options.h"

namespace roverd {

/** kV4l2 where `auto` finds a hardware encoder that opens, else kX264. */
Encoder ChooseEncoder(Encoder wanted);

const char* ElementName(Encoder encoder);

/**
 * Raw pictures in, H.264 constrained baseline out (Annex B, one access unit a buffer, parameter sets before each
 * key frame), in gst-launch syntax; its encoder element is named `encoder`.
 */
std::string EncoderDescription(Encoder encoder, const CaptureOptions& options);

void SetBitrate(GstElement* element, Encoder encoder, int kbps);

void ForceKeyFrame(GstElement* element, Encoder encoder);

}  // namespace roverd
