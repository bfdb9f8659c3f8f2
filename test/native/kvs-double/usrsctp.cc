/** Sockets without a network: what is announced and closed is told to the other side, which is in sdk.cc. */
#include <arpa/inet.h>
#include <usrsctp.h>

#include <cstdlib>
#include <cstring>
#include <mutex>
#include <vector>

#include "double.h"
#include "socket.h"

using kvs_double::seen;

extern "C" {

struct socket* usrsctp_socket(int, int, int,
                              int (*receive)(struct socket*, union sctp_sockstore, void*, std::size_t,
                                             struct sctp_rcvinfo, int, void*),
                              int (*)(struct socket*, std::uint32_t, void*), std::uint32_t, void* session) {
  auto* sctp = new struct socket;
  sctp->receive = receive;
  sctp->session = session;
  seen().sockets_alive++;
  return sctp;
}

ssize_t usrsctp_sendv(struct socket* sctp, const void* data, std::size_t bytes, struct sockaddr*, int, void* info,
                      socklen_t, unsigned int, int) {
  const std::lock_guard<std::mutex> lock(sctp->mutex);
  const bool acknowledgement = bytes == 1 && *static_cast<const std::uint8_t*>(data) == 2;
  if (acknowledgement && ntohl(static_cast<const sctp_sndinfo*>(info)->snd_ppid) == 50) seen().acknowledged++;
  return static_cast<ssize_t>(bytes);
}

int usrsctp_setsockopt(struct socket* sctp, int, int name, const void* value, socklen_t) {
  const std::lock_guard<std::mutex> lock(sctp->mutex);
  if (name == SCTP_ENABLE_STREAM_RESET) sctp->resets_enabled = true;
  if (name == SCTP_EVENT) sctp->tells_resets = true;
  if (name == SCTP_RESET_STREAMS) {
    std::uint16_t stream = 0;
    std::memcpy(&stream, static_cast<const char*>(value) + sizeof(sctp_reset_streams), sizeof stream);
    // A viewer that closed it first is not told again.
    if (sctp->closed_by_viewer.erase(stream) == 0) sctp->reset.push_back(stream);
    seen().resets++;
  }
  return 0;
}

void usrsctp_close(struct socket* sctp) {
  delete sctp;
  seen().sockets_alive--;
}

}  // extern "C"
