#pragma once

#include "../../../native/kvs/sctp.h"
#include "double.h"
#include "viewer.h"

namespace roverd::kvs {

void CheckInitFails();
void CheckFailures();
void CheckParts();
void CheckViewers();

}  // namespace roverd::kvs
