/*
 * Silences the motors when the runtime can't: it is dead, frozen, or the motors don't take its stop.
 *
 * Standard input: a plan (guardian_plan.h), then one byte for every control tick the runtime has finished:
 *   M  it moves or may move      S  it stands still      U  it wants to stand still and the motors don't take that
 * and lines `notify TEXT` for the service manager. Standard output, one line each:
 *   ready realtime=yes|no locked=yes|no    the steps have been tried and work
 *   ack                                    beats come in; 40 ms apart at least
 *   silencing beat|unheeded MS             begins to silence, MS after the last beat
 *   silenced start|beat|unheeded|end MS    every step has come through
 *   rearmed                                beats are back; nothing of the guardian's is under way any more
 *   failing N WHAT                         step N fails or hangs; it is tried on
 *   refused WHY                            what came is no message; before `ready` it ends the program
 * End of file: silences the motors and exits. No signal but SIGKILL ends it before that.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "guardian_once.h"
#include "guardian_report.h"

enum {
  DEFAULT_TIMEOUT_MS = 250,
  ACK_EVERY_MS = 40,
  GIVE_UP_AFTER_END_MS = 10000,
  LONGEST_WAIT_MS = 60000,
  /* Below the kernel's interrupt threads (50), which the writes themselves wait for. */
  REALTIME_PRIORITY = 20,
};

static struct plan plan = {.timeout_ms = DEFAULT_TIMEOUT_MS};
static struct lanes lanes;
static struct job job = {.lanes = &lanes};

static struct {
  bool watching, ready, moving, ended, realtime, locked;
  int64_t beat_ms, ack_ms, ended_ms;
  char line[MAX_LINE_LENGTH + 1];
  size_t length;
  bool too_long;
} guardian;

static const char *const REASONS[] = {"", "start", "beat", "unheeded", "end"};

static void prepare(void) {
  struct rlimit files;
  struct sigaction ignore = {.sa_handler = SIG_IGN};
  static const int ignored[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGTERM, SIGPIPE, SIGALRM,
                                SIGUSR1, SIGUSR2, SIGTSTP, SIGTTIN, SIGTTOU};
  for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++) sigaction(ignored[i], &ignore, NULL);
  /* Out of reach of the terminal's Ctrl-C and of the end of its session. Fails when it leads one already. */
  (void)setsid();
  /* A bus opened as descriptor 2 would get the log. */
  for (int file = 0; file < 3; file++)
    if (fcntl(file, F_GETFD) < 0 && open("/dev/null", O_RDWR) != file) _exit(2);
  /* A camera or socket that slipped in from the runtime would stay taken after its end. What this process has opened
   * itself so far is marked close-on-exec; what was inherited can't be. */
  if (getrlimit(RLIMIT_NOFILE, &files) < 0 || files.rlim_cur > 4096) files.rlim_cur = 4096;
  for (int file = 3; file < (int)files.rlim_cur; file++)
    if (fcntl(file, F_GETFD) == 0) close(file);
}

/* Threads started after this inherit the priority. */
static bool take_priority(void) {
  struct sched_param priority = {.sched_priority = REALTIME_PRIORITY};
  return sched_setscheduler(0, SCHED_FIFO, &priority) == 0;
}

/* On fault: what is never used need not be resident, and AT_START uses what silencing needs. */
static bool lock_memory(void) { return mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0; }

static long long since_beat(int64_t now_ms) { return (long long)(now_ms - guardian.beat_ms); }

static void begin(enum reason reason, int64_t now_ms) {
  if (job.reason == reason && !job.ending) return;
  job_start(&job, reason, now_ms);
  if (reason == NO_BEAT || reason == UNHEEDED) say("silencing %s %lld", REASONS[reason], since_beat(now_ms));
}

static void start_watching(void) {
  guardian.realtime = take_priority();
  int error = lanes_start(&lanes, &plan);
  if (error != 0) {
    say("refused %s", error == E2BIG ? "Expected at most 16 buses and folders" : strerror(error));
    _exit(2);
  }
  guardian.locked = lock_memory();
  guardian.watching = true;
  guardian.beat_ms = monotonic_ms();
  begin(AT_START, guardian.beat_ms);
}

static void beat(char kind, int64_t now_ms) {
  guardian.beat_ms = now_ms;
  guardian.moving = kind != 'S';
  if (now_ms - guardian.ack_ms >= ACK_EVERY_MS) {
    guardian.ack_ms = now_ms;
    say("ack");
  }
  notify_watchdog(now_ms);
  if (job.reason == AT_START || job.reason == AT_END) return;
  if (kind == 'U') begin(UNHEEDED, now_ms);
  else if (job.reason != NO_REASON) job.ending = true;
}

static void take_line(void) {
  char why[MAX_WHY_LENGTH + 1];
  guardian.line[guardian.length] = '\0';
  if (guardian.too_long) {
    say("refused Expected lines of at most %d bytes", MAX_LINE_LENGTH);
    if (!guardian.watching) _exit(2);
  } else if (guardian.watching) {
    if (strncmp(guardian.line, "notify ", 7) == 0) notify(guardian.line + 7);
    else say("refused Expected M, S, U or notify TEXT but received \"%.60s\"", guardian.line);
  } else {
    enum plan_result result = plan_line(&plan, guardian.line, why);
    if (result == PLAN_REFUSED) {
      say("refused %s", why);
      _exit(2);
    }
    if (result == PLAN_COMPLETE) start_watching();
  }
  guardian.length = 0;
  guardian.too_long = false;
}

static void take(char c, int64_t now_ms) {
  bool fresh = guardian.length == 0 && !guardian.too_long;
  if (guardian.watching && fresh && (c == 'M' || c == 'S' || c == 'U')) beat(c, now_ms);
  else if (c == '\n') {
    if (!guardian.watching || !fresh) take_line();
  } else if (guardian.length == MAX_LINE_LENGTH) guardian.too_long = true;
  else guardian.line[guardian.length++] = c;
}

static void take_input(void) {
  char bytes[1024];
  ssize_t got = read(STDIN_FILENO, bytes, sizeof bytes);
  int64_t now_ms = monotonic_ms();
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return;
  for (ssize_t i = 0; i < got; i++) take(bytes[i], now_ms);
  if (got > 0) return;
  /* An error is an end as well: nothing will come any more. */
  if (!guardian.watching) {
    say("refused Expected the line end before the end of the input");
    _exit(2);
  }
  guardian.ended = true;
  guardian.ended_ms = now_ms;
  begin(AT_END, now_ms);
}

static void finish_job(int64_t now_ms) {
  if (job.reason == NO_REASON) return;
  if (job.silenced && !job.told_silenced) {
    job.told_silenced = true;
    say("silenced %s %lld", REASONS[job.reason], since_beat(now_ms));
    bool expected = job.reason == AT_START || (job.reason == AT_END && !guardian.moving);
    if (!expected)
      log_line("warn", "silenced the motors (%s), %lld ms after the last beat", REASONS[job.reason],
               since_beat(now_ms));
    if (job.reason == AT_END) _exit(0);
    if (job.reason == AT_START) {
      job.reason = NO_REASON;
      guardian.ready = true;
      say("ready realtime=%s locked=%s", guardian.realtime ? "yes" : "no", guardian.locked ? "yes" : "no");
    }
  }
  if (job.ending && job_idle(&job)) {
    job.reason = NO_REASON;
    job.ending = false;
    say("rearmed");
  }
}

/* Returns when to look again at the latest. */
static int64_t watch(int64_t now_ms) {
  int64_t next_ms = INT64_MAX;
  bool watched = guardian.ready && guardian.moving && !guardian.ended;
  if (watched && (job.reason == NO_REASON || job.ending)) {
    int64_t limit_ms = guardian.beat_ms + plan.timeout_ms;
    if (now_ms >= limit_ms) begin(NO_BEAT, now_ms);
    else next_ms = limit_ms;
  }
  int64_t job_ms = job_run(&job, now_ms);
  finish_job(now_ms);
  if (guardian.ended) {
    int64_t limit_ms = guardian.ended_ms + GIVE_UP_AFTER_END_MS;
    if (now_ms >= limit_ms) {
      log_line("fatal", "the runtime is gone and the motors could not be silenced");
      _exit(1);
    }
    if (limit_ms < next_ms) next_ms = limit_ms;
  }
  return job_ms < next_ms ? job_ms : next_ms;
}

static _Noreturn void run(void) {
  for (;;) {
    struct pollfd sources[] = {
        {.fd = guardian.watching ? lanes.done : -1, .events = POLLIN},
        {.fd = guardian.ended ? -1 : STDIN_FILENO, .events = POLLIN},
    };
    int64_t now_ms = monotonic_ms();
    int64_t next_ms = watch(now_ms);
    int64_t wait_ms = next_ms <= now_ms ? 0 : next_ms - now_ms;
    if (poll(sources, 2, wait_ms > LONGEST_WAIT_MS ? LONGEST_WAIT_MS : (int)wait_ms) <= 0) continue;
    uint64_t rounds;
    if (sources[0].revents != 0 && read(lanes.done, &rounds, sizeof rounds) < 0) continue;
    if (sources[1].revents != 0) take_input();
  }
}

int main(int count, char **arguments) {
  static const char usage[] =
      "usage: roverd_guardian                 watch a runtime: see native/guardian.c\n"
      "       roverd_guardian --silence FILE  silence the motors by the steps in FILE\n"
      "       roverd_guardian --check         say what this machine allows it\n";
  const char *option = count > 1 ? arguments[1] : "";
  if (count == 3 && strcmp(option, "--silence") == 0) {
    int code = silence_once(arguments[2]);
    fflush(stdout);
    /* Not exit(): a thread whose write hangs must not keep it. */
    _exit(code);
  }
  if (count == 2 && strcmp(option, "--check") == 0) {
    bool realtime = take_priority();
    printf("realtime=%s locked=%s\n", realtime ? "yes" : "no", lock_memory() ? "yes" : "no");
    return 0;
  }
  bool help = count == 2 && strcmp(option, "--help") == 0;
  if (count > 1) {
    fputs(usage, help ? stdout : stderr);
    return help ? 0 : 2;
  }
  prepare();
  notify_open();
  run();
}
