/*
 * /sys/class/pwm as pwm/sysfs.c and pwm/core.c of the kernel give it. Values stand in the files of the tree
 * themselves, so that reading needs no emulation. They are written past the C library, where we stand.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "emulation.h"

/* kstrtoull: the whole text is the number, but for one line end. */
static int number(const char *text, uint64_t limit, uint64_t *value) {
  char digits[32];
  size_t length = strlen(text);
  if (length && text[length - 1] == '\n') length--;
  if (length == 0 || length >= sizeof digits) return EINVAL;
  memcpy(digits, text, length);
  digits[length] = 0;
  if (strspn(digits, "0123456789abcdefxABCDEFX+") != length) return EINVAL;
  char *end;
  errno = 0;
  *value = strtoull(digits, &end, 0);
  if (*end || end == digits) return EINVAL;
  return errno == ERANGE || *value > limit ? ERANGE : 0;
}

static void note_outputs(unsigned index, uint64_t at_ns) {
  struct pwm_chip *chip = &state->pwm_chips[index];
  uint32_t outputs = 0;
  for (unsigned i = 0; i < PWM_CHANNELS; i++) {
    const struct pwm_channel *channel = &chip->channels[i];
    uint64_t high_ns = channel->inversed ? channel->period_ns - channel->duty_ns : channel->duty_ns;
    if (channel->enabled && high_ns) outputs |= 1u << i;
  }
  if (outputs != chip->outputs) log_outputs(SCOPE_PWM, 0, index, outputs, at_ns);
  chip->outputs = outputs;
}

static void channel_folder(char *path, size_t length, unsigned chip, unsigned channel) {
  snprintf(path, length, "%s/class/pwm/pwmchip%u/pwm%u", state->pwm_root, chip, channel);
}

static const char *const names[] = {[PWM_PERIOD] = "period",
                                    [PWM_DUTY_CYCLE] = "duty_cycle",
                                    [PWM_ENABLE] = "enable",
                                    [PWM_POLARITY] = "polarity"};

static int add_file(const char *folder, unsigned chip, unsigned channel, unsigned attribute, const char *text) {
  char path[1200];
  snprintf(path, sizeof path, "%s/%s", folder, names[attribute]);
  int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (fd < 0) return errno;
  struct stat at;
  bool failed = syscall(SYS_pwrite64, fd, text, strlen(text), 0) < 0 || fstat(fd, &at) != 0;
  close(fd);
  if (failed) return EIO;
  for (unsigned i = 0; i < PWM_FILES; i++) {
    struct pwm_file *file = &state->pwm_files[i];
    if (file->attribute) continue;
    file->device = at.st_dev;
    file->inode = at.st_ino;
    file->chip = chip;
    file->channel = channel;
    __atomic_store_n(&file->attribute, attribute, __ATOMIC_RELEASE);
    return 0;
  }
  return ENOSPC;
}

static int export_channel(unsigned index, const char *text) {
  uint64_t number_of;
  int error = number(text, UINT32_MAX, &number_of);
  if (error) return error;
  if (number_of >= state->pwm_chips[index].npwm) return ENODEV;
  struct pwm_channel *channel = &state->pwm_chips[index].channels[number_of];
  if (channel->exported) return EBUSY;
  char folder[1100], values[3][32];
  channel_folder(folder, sizeof folder, index, (unsigned)number_of);
  if (mkdir(folder, 0755)) return errno;
  /* pwm-gpio keeps what it was set to over unexport and export. */
  snprintf(values[0], sizeof values[0], "%llu\n", (unsigned long long)channel->period_ns);
  snprintf(values[1], sizeof values[1], "%llu\n", (unsigned long long)channel->duty_ns);
  snprintf(values[2], sizeof values[2], "%u\n", channel->enabled);
  const char *const texts[] = {[PWM_PERIOD] = values[0],
                               [PWM_DUTY_CYCLE] = values[1],
                               [PWM_ENABLE] = values[2],
                               [PWM_POLARITY] = channel->inversed ? "inversed\n" : "normal\n"};
  for (unsigned attribute = PWM_PERIOD; attribute <= PWM_POLARITY && !error; attribute++)
    error = add_file(folder, index, (unsigned)number_of, attribute, texts[attribute]);
  channel->exported = !error;
  channel->exported_ns = now_ns();
  return error;
}

static int unexport_channel(unsigned index, const char *text) {
  uint64_t number_of;
  int error = number(text, UINT32_MAX, &number_of);
  if (error) return error;
  if (number_of >= state->pwm_chips[index].npwm || !state->pwm_chips[index].channels[number_of].exported)
    return ENODEV;
  char folder[1100], path[1200];
  channel_folder(folder, sizeof folder, index, (unsigned)number_of);
  for (unsigned i = 0; i < PWM_FILES; i++) {
    struct pwm_file *file = &state->pwm_files[i];
    if (file->attribute < PWM_PERIOD || file->chip != index || file->channel != number_of) continue;
    snprintf(path, sizeof path, "%s/%s", folder, names[file->attribute]);
    __atomic_store_n(&file->attribute, 0, __ATOMIC_RELEASE);
    unlink(path);
  }
  rmdir(folder);
  state->pwm_chips[index].channels[number_of].exported = 0;
  return 0;
}

/* __pwm_apply: no period, or a duty longer than it, is invalid whatever is being set. */
static int set_attribute(struct pwm_channel *channel, unsigned attribute, const char *text) {
  struct pwm_channel wanted = *channel;
  uint64_t value = 0;
  int error = 0;
  if (attribute == PWM_PERIOD) error = number(text, UINT64_MAX, &wanted.period_ns);
  else if (attribute == PWM_DUTY_CYCLE) error = number(text, UINT64_MAX, &wanted.duty_ns);
  else if (attribute == PWM_ENABLE) {
    error = number(text, INT32_MAX, &value);
    if (!error && value > 1) error = EINVAL;
    wanted.enabled = (uint32_t)value;
  } else if (!strcmp(text, "normal") || !strcmp(text, "normal\n")) wanted.inversed = 0;
  else if (!strcmp(text, "inversed") || !strcmp(text, "inversed\n")) wanted.inversed = 1;
  else error = EINVAL;
  if (!error && (!wanted.period_ns || wanted.duty_ns > wanted.period_ns)) error = EINVAL;
  if (!error) *channel = wanted;
  return error;
}

static void show(int fd, const struct pwm_channel *channel, unsigned attribute) {
  char text[32];
  if (attribute == PWM_POLARITY) snprintf(text, sizeof text, "%s\n", channel->inversed ? "inversed" : "normal");
  else
    snprintf(text, sizeof text, "%llu\n",
             (unsigned long long)(attribute == PWM_PERIOD       ? channel->period_ns
                                  : attribute == PWM_DUTY_CYCLE ? channel->duty_ns
                                                                : channel->enabled));
  if (syscall(SYS_pwrite64, fd, text, strlen(text), 0) < 0 || ftruncate(fd, (off_t)strlen(text))) return;
}

static struct occasion occasion_of(const struct pwm_file *file, enum direction direction) {
  return (struct occasion){.scope = SCOPE_PWM,
                           .address = (int)file->chip,
                           .pid = getpid(),
                           .direction = direction,
                           .attribute = (int)file->attribute};
}

static struct verdict judge(const struct occasion *occasion) {
  fault_hang_call(occasion);
  bool locked = lock_state();
  struct verdict verdict = fault_judge(occasion);
  unlock_state(locked);
  if (verdict.delay_ns) sleep_until(now_ns() + verdict.delay_ns);
  return verdict;
}

bool pwm_may_open(const struct pwm_file *file) {
  if (file->attribute < PWM_PERIOD) return true;
  const struct pwm_channel *channel = &state->pwm_chips[file->chip].channels[file->channel];
  return now_ns() >= channel->exported_ns + (uint64_t)channel->group_after_ms * 1000000u;
}

int pwm_read_error(const struct pwm_file *file) {
  struct occasion occasion = occasion_of(file, DIRECTION_READ);
  return judge(&occasion).error;
}

ssize_t pwm_write(int fd, const struct pwm_file *shared, const void *bytes, size_t length) {
  struct pwm_file file = *shared;
  struct occasion occasion = occasion_of(&file, DIRECTION_WRITE);
  struct log_entry entry = {.start_ns = now_ns(),
                            .pid = occasion.pid,
                            .scope = SCOPE_PWM,
                            .address = (uint16_t)file.chip,
                            .attribute = (uint16_t)file.attribute};
  char text[64];
  size_t kept = length < sizeof text - 1 ? length : sizeof text - 1;
  memcpy(text, bytes, kept);
  text[kept] = 0;
  int error = judge(&occasion).error;
  bool locked = lock_state();
  entry.begin_ns = now_ns();
  struct pwm_channel *channel = &state->pwm_chips[file.chip].channels[file.channel];
  if (!error && !channel->exported && file.attribute >= PWM_PERIOD) error = ENODEV;
  if (!error && file.attribute == PWM_EXPORT) error = export_channel(file.chip, text);
  else if (!error && file.attribute == PWM_UNEXPORT) error = unexport_channel(file.chip, text);
  else if (!error && !(error = set_attribute(channel, file.attribute, text))) show(fd, channel, file.attribute);
  entry.end_ns = now_ns();
  note_outputs(file.chip, entry.end_ns);
  entry.error = error;
  entry.wrote = (uint16_t)length;
  entry.outputs = state->pwm_chips[file.chip].outputs;
  memcpy(entry.bytes, text, kept);
  log_append(entry);
  unlock_state(locked);
  return error ? -error : (ssize_t)length;
}
