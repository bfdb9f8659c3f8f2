#pragma once

#include <usrsctp.h>

#include <mutex>
#include <set>
#include <vector>

struct socket {
  int (*receive)(struct socket*, union sctp_sockstore, void*, std::size_t, struct sctp_rcvinfo, int, void*);
  void* session;
  std::mutex mutex;
  bool resets_enabled = false;
  bool tells_resets = false;
  /** Streams whose closing was asked for and not told yet. */
  std::vector<std::uint16_t> reset;
  std::set<std::uint16_t> closed_by_viewer;
};
