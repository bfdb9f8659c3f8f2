#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "double.h"

struct DoubleTrack {
  DoublePeer* peer;
  UINT64 loss_data = 0;
  RtcOnPictureLoss on_loss = nullptr;
  UINT64 estimate_data = 0;
  RtcOnBandwidthEstimation on_estimate = nullptr;
};

struct DoubleChannel {
  RtcDataChannel channel;
  DoublePeer* peer;
  UINT64 data = 0;
  RtcOnMessage on_message = nullptr;
};

/** As in the SDK: two threads, callbacks on both, and no lock on what sending and writing change. */
struct DoublePeer {
  kvs_double::Script script;
  UINT64 candidate_data = 0, state_data = 0, channel_data = 0, arrivals_data = 0;
  RtcOnIceCandidate on_candidate = nullptr;
  RtcOnConnectionStateChange on_state = nullptr;
  RtcOnDataChannel on_channel = nullptr;
  RtcOnSenderBandwidthEstimation on_arrivals = nullptr;
  std::unique_ptr<DoubleTrack> track;
  std::map<UINT32, std::unique_ptr<DoubleChannel>> channels;
  std::string offer;
  std::thread timer;
  std::thread listener;
  std::atomic<bool> closing{false};
  std::atomic<bool> encrypted{false};
  struct socket* sctp = nullptr;
  std::atomic<UINT64> packets{0};
  /** Changed without a lock, as sending does in the SDK. */
  int sends = 0;
  int frames = 0;
  UINT64 last_frame = 0;
  bool decodable = false;

  void Gather();
  void Listen();
  void Announce(UINT32 stream, const std::string& label, std::size_t claimed_length);
  void Text(UINT32 stream, const std::string& text);
  void TellResets();
};
