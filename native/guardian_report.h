/* Where the guardian's words go. None of these waits for a reader: what can't be written at once is lost. */
#ifndef ROVERD_GUARDIAN_REPORT_H
#define ROVERD_GUARDIAN_REPORT_H

#include <stdint.h>

/* A line to the runtime, on standard output. */
__attribute__((format(printf, 1, 2))) void say(const char *format, ...);

/* A line of JSON on standard error, as the runtime logs. The text must need no escaping. */
__attribute__((format(printf, 2, 3))) void log_line(const char *level, const char *format, ...);

/* Looks up NOTIFY_SOCKET and WATCHDOG_USEC, sd_notify(3). To be called once, at start. */
void notify_open(void);
/* Sends the service manager a datagram; does nothing where there is none. */
void notify(const char *text);
/* Tells the service manager that the runtime is alive, as often as it wants that. */
void notify_watchdog(int64_t now_ms);

#endif
