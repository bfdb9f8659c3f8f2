#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace roverd::kvs {

/** One address of an interface that is up and no loopback. */
struct LocalAddress {
  std::string interface;
  bool ipv6 = false;
  /** Reaches only the next hop, so that it is of no use for ICE. */
  bool link_local = false;
  /** The interface is a device and no bridge or tunnel. */
  bool physical = false;
};

/** More than 10 addresses end the process in the SDK up to 1.16; it asks the filter once for each. */
constexpr std::size_t kMaxAddresses = 9;

/** In the order in which the system lists them, as the SDK goes through them too. */
std::vector<LocalAddress> LocalAddresses();

/**
 * Picks at most kMaxAddresses of them: devices before bridges and tunnels, IPv4 before IPv6. The SDK names only the
 * interface when it asks; the answers come in the order of the interface's addresses.
 */
class AddressFilter {
 public:
  explicit AddressFilter(const std::vector<LocalAddress>& addresses);
  /** Whether the next address of this interface is to be used. One that has appeared since is not. */
  bool Passes(const std::string& interface);

 private:
  std::map<std::string, std::vector<bool>> answers_;
  std::map<std::string, std::size_t> asked_;
};

}  // namespace roverd::kvs
