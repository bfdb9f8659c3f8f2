#pragma once

#include <napi.h>

namespace roverd {

/** What the addon exports as `kvs`: an object with the functions of KvsAddon in native/addon.ts, or null. */
Napi::Value KvsExports(Napi::Env env);

}  // namespace roverd
