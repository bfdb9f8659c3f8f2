/** What needs no viewer: addresses, logs, reports, queues. */
#include <set>

#include "../../../native/kvs/log.h"
#include "../../../native/kvs/path.h"
#include "checks.h"

namespace roverd::kvs {
namespace {

void CheckAddresses() {
  std::vector<LocalAddress> addresses;
  for (int at = 0; at < 30; at++) addresses.push_back({"bridge" + std::to_string(at % 3), at % 2 == 1, false, false});
  for (int at = 0; at < 4; at++) addresses.push_back({"wlan0", at >= 1, at == 3, true});
  for (int at = 0; at < 6; at++) addresses.push_back({"eth0", at % 2 == 1, false, true});
  AddressFilter filter(addresses);
  int passed = 0;
  int of_devices = 0;
  for (const LocalAddress& address : addresses) {
    const bool passes = filter.Passes(address.interface);
    CHECK(!passes || !address.link_local);
    passed += passes;
    of_devices += passes && address.physical;
  }
  // All of the devices', which are nine but for the one that reaches only the next hop.
  CHECK(passed == static_cast<int>(kMaxAddresses));
  CHECK(of_devices == 9);
  // Asked about once more, as when an address has appeared since.
  CHECK(!filter.Passes("wlan0"));
  CHECK(!filter.Passes("new0"));
  AddressFilter none({});
  CHECK(!none.Passes("eth0"));
  for (const LocalAddress& address : LocalAddresses()) CHECK(address.interface != "lo");
}

void CheckLogs() {
  CatchLogs();
  TakeLogs();
  std::atomic<int> woken{0};
  const auto early = ListenToLogs([&] { woken += 1000; });
  const auto ticket = ListenToLogs([&] { woken++; });
  // One that listens no more takes nothing from the one that does.
  StopListening(early);
  CHAR tag[] = "tag";
  CHAR format[] = "%s %d";
  globalCustomLogPrintFn(3, tag, format, "quiet", 1);
  CHECK(woken == 0);
  globalCustomLogPrintFn(5, tag, format, "loud", 7);
  const Logged one = TakeLogs();
  CHECK(one.lines.size() == 1 && one.lines[0].text == "tag: loud 7" && one.lines[0].level == 5);
  CHECK(one.dropped == 0);
  std::vector<std::thread> threads;
  for (int n = 0; n < 4; n++) {
    threads.emplace_back([&] {
      for (int line = 0; line < 250; line++) globalCustomLogPrintFn(4, tag, format, "line", line);
    });
  }
  for (std::thread& thread : threads) thread.join();
  const Logged many = TakeLogs();
  CHECK(many.lines.size() == 256 && many.dropped == 1000 - 256);
  StopListening(ticket);
  const int before = woken;
  globalCustomLogPrintFn(5, tag, format, "loud", 8);
  CHECK(woken == before);
}

void CheckReports() {
  const auto start = std::chrono::steady_clock::now();
  const auto at = [&](int ms) { return start + std::chrono::milliseconds(ms); };
  Path by_arrivals;
  PathStats stats_of_report;
  CHECK(!by_arrivals.Look({}, at(0)));
  by_arrivals.Arrived(19, 10);
  CHECK(!by_arrivals.Look({}, at(1))->loss_ratio);
  by_arrivals.Arrived(1, 0);
  const auto half = by_arrivals.Look({}, at(2));
  CHECK(half && half->loss_ratio == 0.5 && !half->estimate_kbps && !half->round_trip_ms);
  CHECK(!by_arrivals.Look({}, at(3)));
  // More than was sent arrives when some is counted twice.
  by_arrivals.Arrived(20, 30);
  CHECK(by_arrivals.Look({}, at(4))->loss_ratio == 0.0);

  stats_of_report = {1, 0.25, 7, 100, 0, 0};
  // Of too few packets to count arrivals by, and of more.
  by_arrivals.Arrived(5, 5);
  CHECK(by_arrivals.Look(stats_of_report, at(5))->loss_ratio == 0.25);
  stats_of_report.reports++;
  by_arrivals.Arrived(15, 14);
  CHECK(by_arrivals.Look(stats_of_report, at(6))->loss_ratio == 0.25);
  by_arrivals.Arrived(20, 10);
  CHECK(by_arrivals.Look(stats_of_report, at(7))->loss_ratio == 0.5);

  Path by_reports;
  PathStats stats;
  stats.packets_sent = 10;
  CHECK(!by_reports.Look(stats, at(0)));
  stats = {1, 0.125, 7, 100, 30, 0};
  const auto early = by_reports.Look(stats, at(3499));
  CHECK(early && early->loss_ratio == 0.3 && !early->round_trip_ms);
  stats = {2, 0.5, 7, 200, 30, 0};
  const auto late = by_reports.Look(stats, at(3500));
  CHECK(late && late->loss_ratio == 0.5 && late->round_trip_ms == 7.0);
  stats = {3, 0, 60'001, 205, 30, 0};
  const auto clock_set = by_reports.Look(stats, at(4000));
  CHECK(clock_set && !clock_set->loss_ratio && !clock_set->round_trip_ms);
  by_reports.Estimated(640);
  CHECK(by_reports.Look(stats, at(4001))->estimate_kbps == 640.0);
  CHECK(!by_reports.Look(stats, at(4002)));
  stats.requests = 1;
  const auto sign_of_life = by_reports.Look(stats, at(4003));
  CHECK(sign_of_life && !sign_of_life->loss_ratio && !sign_of_life->round_trip_ms && !sign_of_life->estimate_kbps);
  CHECK(!by_reports.Look(stats, at(4004)));
}

void CheckUnitQueue() {
  UnitQueue queue(3);
  using Result = UnitQueue::Result;
  CHECK(queue.Put(UnitOf(1, false)) == Result::kAwaitingKeyFrame);
  CHECK(queue.Put(UnitOf(2, true)) == Result::kKept);
  CHECK(queue.Put(UnitOf(3, false)) == Result::kKept);
  CHECK(queue.Put(UnitOf(4, false)) == Result::kKept);
  CHECK(queue.Put(UnitOf(5, false)) == Result::kOverflowed);
  CHECK(queue.empty() && queue.awaiting_key_frame() && queue.dropped() == 5);
  CHECK(queue.Put(UnitOf(6, false)) == Result::kAwaitingKeyFrame);
  CHECK(queue.Put(UnitOf(7, true)) == Result::kKept);
  CHECK(queue.Take()->captured_us == UnitOf(7, true)->captured_us);
  CHECK(queue.Take() == nullptr);
}

void CheckEvents() {
  int woken = 0;
  EventQueue events([&] { woken++; });
  events.WantKeyFrame();
  events.WantKeyFrame();
  events.PutReport({0.25, std::nullopt, std::nullopt});
  events.PutReport({0.5, std::nullopt, std::nullopt});
  CHECK(events.Take()->kind == Event::Kind::kKeyFrame);
  CHECK(events.Take()->report.loss_ratio == 0.5);
  CHECK(!events.Take());
  int taken = 0;
  while (events.Put({Event::Kind::kData, "x", 0, {}})) taken++;
  CHECK(taken == 1024);
  // Nothing keeps control out.
  CHECK(events.Put({Event::Kind::kState, "failed", 0, {}}));
  while (events.Take()) taken--;
  CHECK(taken == -1);
  CHECK(events.Put({Event::Kind::kData, std::string(1 << 20, 'x'), 0, {}}));
  CHECK(!events.Put({Event::Kind::kData, "x", 0, {}}));
}

}  // namespace

void CheckParts() {
  CheckAddresses();
  CheckLogs();
  CheckReports();
  CheckUnitQueue();
  CheckEvents();
}

}  // namespace roverd::kvs
