#include "addresses.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>

namespace roverd::kvs {
namespace {

int Rank(const LocalAddress& address) { return (address.physical ? 0 : 2) + (address.ipv6 ? 1 : 0); }

bool IsLinkLocal(const sockaddr* address) {
  return IN6_IS_ADDR_LINKLOCAL(&reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr);
}

}  // namespace

std::vector<LocalAddress> LocalAddresses() {
  std::vector<LocalAddress> addresses;
  ifaddrs* all = nullptr;
  if (getifaddrs(&all) != 0) return addresses;
  for (const ifaddrs* one = all; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr || (one->ifa_flags & IFF_LOOPBACK) != 0 || (one->ifa_flags & IFF_RUNNING) == 0) continue;
    const int family = one->ifa_addr->sa_family;
    if (family != AF_INET && family != AF_INET6) continue;
    LocalAddress address;
    address.interface = one->ifa_name;
    address.ipv6 = family == AF_INET6;
    address.link_local = address.ipv6 && IsLinkLocal(one->ifa_addr);
    address.physical = access(("/sys/class/net/" + address.interface + "/device").c_str(), F_OK) == 0;
    addresses.push_back(address);
  }
  freeifaddrs(all);
  return addresses;
}

AddressFilter::AddressFilter(const std::vector<LocalAddress>& addresses) {
  std::vector<std::size_t> usable;
  for (std::size_t at = 0; at < addresses.size(); at++) {
    if (!addresses[at].link_local) usable.push_back(at);
  }
  std::stable_sort(usable.begin(), usable.end(), [&](std::size_t a, std::size_t b) {
    return Rank(addresses[a]) < Rank(addresses[b]);
  });
  if (usable.size() > kMaxAddresses) usable.resize(kMaxAddresses);
  for (std::size_t at = 0; at < addresses.size(); at++) {
    const bool picked = std::find(usable.begin(), usable.end(), at) != usable.end();
    answers_[addresses[at].interface].push_back(picked);
  }
}

bool AddressFilter::Passes(const std::string& interface) {
  const auto answers = answers_.find(interface);
  const std::size_t at = asked_[interface]++;
  return answers != answers_.end() && at < answers->second.size() && answers->second[at];
}

}  // namespace roverd::kvs
