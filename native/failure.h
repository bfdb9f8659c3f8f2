#pragma once

#include <stdexcept>
#include <string>

namespace roverd {

/** Why a capture ended. The codes are those of CameraError in firmware/video/camera.ts. */
enum class FailureCode { kCameraMissing, kCameraLost, kEncoderMissing, kPipelineFailed };

inline const char* Name(FailureCode code) {
  switch (code) {
    case FailureCode::kCameraMissing:
      return "camera_missing";
    case FailureCode::kCameraLost:
      return "camera_lost";
    case FailureCode::kEncoderMissing:
      return "encoder_missing";
    case FailureCode::kPipelineFailed:
      break;
  }
  return "pipeline_failed";
}

/** Thrown while a pipeline is built or runs; caught at the foot of the capture's own thread. */
class Failure : public std::runtime_error {
 public:
  Failure(FailureCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  FailureCode code() const { return code_; }

 private:
  FailureCode code_;
};

}  // namespace roverd
