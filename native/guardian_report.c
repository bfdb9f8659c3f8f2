#include "guardian_report.h"

#include <poll.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { LINE_BYTES = 640 };

static int notify_socket = -1;
static struct sockaddr_un notify_address;
static socklen_t notify_address_length;
static int64_t watchdog_every_ms;
static int64_t watchdog_next_ms;

/* A pipe or socket that polls as writable takes a line this short at once. Setting O_NONBLOCK instead would set it
 * for everyone who shares the terminal or log. */
static void write_line(int file, const char *line, size_t length) {
  struct pollfd ready = {.fd = file, .events = POLLOUT};
  if (poll(&ready, 1, 0) != 1 || (ready.revents & POLLOUT) == 0) return;
  ssize_t written = write(file, line, length);
  (void)written;
}

void say(const char *format, ...) {
  char line[LINE_BYTES];
  va_list values;
  va_start(values, format);
  int length = vsnprintf(line, sizeof line - 1, format, values);
  va_end(values);
  if (length < 0) return;
  size_t used = (size_t)length < sizeof line - 1 ? (size_t)length : sizeof line - 2;
  line[used] = '\n';
  write_line(STDOUT_FILENO, line, used + 1);
}

void log_line(const char *level, const char *format, ...) {
  char text[LINE_BYTES], line[LINE_BYTES + 128];
  struct timespec now;
  va_list values;
  va_start(values, format);
  vsnprintf(text, sizeof text, format, values);
  va_end(values);
  clock_gettime(CLOCK_REALTIME, &now);
  long long ms = (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
  int length = snprintf(line, sizeof line, "{\"level\":\"%s\",\"time\":%lld,\"part\":\"guardian\",\"msg\":\"%s\"}\n",
                        level, ms, text);
  if (length > 0) write_line(STDERR_FILENO, line, (size_t)length);
}

void notify_open(void) {
  const char *path = getenv("NOTIFY_SOCKET");
  const char *limit = getenv("WATCHDOG_USEC");
  size_t length = path == NULL ? 0 : strlen(path);
  if (length < 2 || length >= sizeof notify_address.sun_path || (path[0] != '/' && path[0] != '@')) return;
  notify_address.sun_family = AF_UNIX;
  memcpy(notify_address.sun_path, path, length);
  /* @ stands for the zero byte that begins the name of an abstract socket, unix(7). */
  if (path[0] == '@') notify_address.sun_path[0] = '\0';
  notify_address_length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
  notify_socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  /* Four signs of life a window: one or two may be late. */
  if (limit != NULL) watchdog_every_ms = atoll(limit) / 4000;
}

void notify(const char *text) {
  if (notify_socket < 0) return;
  (void)sendto(notify_socket, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL,
               (const struct sockaddr *)&notify_address, notify_address_length);
}

void notify_watchdog(int64_t now_ms) {
  if (watchdog_every_ms <= 0 || now_ms < watchdog_next_ms) return;
  watchdog_next_ms = now_ms + watchdog_every_ms;
  notify("WATCHDOG=1");
}
