/** Stands in for usrsctp's header: our own declarations of no more than native/kvs/sctp.cc and the double use. */
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstdint>

#define MSG_NOTIFICATION 0x2000
#ifndef IPPROTO_SCTP
#define IPPROTO_SCTP 132
#endif
#define SCTP_ALL_ASSOC 2
#define SCTP_EVENT 0x1
#define SCTP_ENABLE_STREAM_RESET 0x900
#define SCTP_RESET_STREAMS 0x901
#define SCTP_ENABLE_RESET_STREAM_REQ 1
#define SCTP_SENDV_SNDINFO 1
#define SCTP_STREAM_RESET_OUTGOING 2
#define SCTP_STREAM_RESET_EVENT 9
#define SCTP_STREAM_RESET_INCOMING_SSN 1

struct socket;
typedef std::uint32_t sctp_assoc_t;

union sctp_sockstore {
  struct sockaddr sa;
};

struct sctp_rcvinfo {
  std::uint16_t rcv_sid;
  std::uint32_t rcv_ppid;
};

struct sctp_sndinfo {
  std::uint16_t snd_sid;
  std::uint16_t snd_flags;
  std::uint32_t snd_ppid;
};

struct sctp_event {
  sctp_assoc_t se_assoc_id;
  std::uint16_t se_type;
  std::uint8_t se_on;
};

struct sctp_assoc_value {
  sctp_assoc_t assoc_id;
  std::uint32_t assoc_value;
};

struct sctp_stream_reset_event {
  std::uint16_t strreset_type;
  std::uint16_t strreset_flags;
  std::uint32_t strreset_length;
  sctp_assoc_t strreset_assoc_id;
  std::uint16_t strreset_stream_list[];
};

struct sctp_reset_streams {
  sctp_assoc_t srs_assoc_id;
  std::uint16_t srs_flags;
  std::uint16_t srs_number_streams;
  std::uint16_t srs_stream_list[];
};

extern "C" {

struct socket* usrsctp_socket(int domain, int type, int protocol,
                              int (*receive)(struct socket*, union sctp_sockstore, void*, std::size_t,
                                             struct sctp_rcvinfo, int, void*),
                              int (*send)(struct socket*, std::uint32_t, void*), std::uint32_t threshold,
                              void* session);
ssize_t usrsctp_sendv(struct socket*, const void* data, std::size_t bytes, struct sockaddr* to, int addresses,
                      void* info, socklen_t info_bytes, unsigned int info_type, int flags);
int usrsctp_setsockopt(struct socket*, int level, int name, const void* value, socklen_t bytes);
void usrsctp_close(struct socket*);

}  // extern "C"
