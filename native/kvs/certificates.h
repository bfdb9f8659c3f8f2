#pragma once

#include "sdk.h"

namespace roverd::kvs {

struct FreeCertificate {
  void operator()(RtcCertificate* certificate) const { freeRtcCertificate(certificate); }
};
using CertificatePtr = std::unique_ptr<RtcCertificate, FreeCertificate>;

/**
 * Takes a certificate made beforehand; null when there is none, and the SDK then makes one itself. AWS measured
 * 5 to 15 s for that on slow devices, and it is a millisecond or two on fast ones. Each is used once: a viewer that
 * compromised one could not read what another gets.
 */
CertificatePtr TakeCertificate();

/** Has what is missing made on a thread of its own; returns at once. The SDK must be initialised. */
void StockCertificates();

}  // namespace roverd::kvs
