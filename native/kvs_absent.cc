#include "kvs.h"

namespace roverd {

/** Compiled where KVS_WEBRTC_PREFIX names no installed SDK; firmware/video/open-engine.ts says how to get it. */
Napi::Value KvsExports(Napi::Env env) { return env.Null(); }

}  // namespace roverd
