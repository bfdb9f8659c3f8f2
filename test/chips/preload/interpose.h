/* For the files that stand before functions of the C library. */
#pragma once

#include <dlfcn.h>
#include <errno.h>

#define EXPORT __attribute__((visibility("default")))
/* The function that this one stands before. */
#define NEXT(name) \
  static __typeof__(name) *next; \
  if (!next) *(void **)&next = dlsym(RTLD_NEXT, #name)

/* From the kernel's way of telling errors to the C library's. */
static inline long answer(long result) {
  if (result >= 0) return result;
  errno = (int)-result;
  return -1;
}
