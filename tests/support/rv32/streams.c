/* The standard streams over semihosting. The C library's own take one character at a time from QEMU's console, which
 * has no end; these read and write QEMU's own standard streams, and a closed one is the end. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { SYS_OPEN = 0x01, SYS_WRITE = 0x05, SYS_READ = 0x06 };
enum { MODE_READ = 0, MODE_WRITE = 4, MODE_APPEND = 8 };

int get_one(FILE *stream);
int put_one(char byte, FILE *stream);
int write_out(FILE *stream);

/* The three instructions must be uncompressed and on one page for a host to see a call in them. */
static intptr_t call(int operation, const uintptr_t *arguments) {
  register intptr_t a0 __asm("a0") = operation;
  register const uintptr_t *a1 __asm("a1") = arguments;
  __asm volatile(
      ".option push\n.option norvc\n.balign 16\n"
      "slli x0, x0, 0x1f\nebreak\nsrai x0, x0, 7\n.option pop"
      : "+r"(a0)
      : "r"(a1)
      : "memory");
  return a0;
}

static uintptr_t console(int mode) {
  const uintptr_t arguments[] = {(uintptr_t) ":tt", (uintptr_t)mode, 3};
  return (uintptr_t)call(SYS_OPEN, arguments);
}

int get_one(FILE *stream) {
  static uint8_t bytes[256];
  static uintptr_t handle;
  static size_t at, there;
  (void)stream;
  if (at == there) {
    if (handle == 0) {
      handle = console(MODE_READ);
    }
    const uintptr_t arguments[] = {handle, (uintptr_t)bytes, sizeof bytes};
    there = sizeof bytes - (size_t)call(SYS_READ, arguments); /* it answers how much it did not read */
    at = 0;
  }
  return there == 0 ? EOF : bytes[at++];
}

static char out[512];
static size_t waiting;

int write_out(FILE *stream) {
  static uintptr_t handle;
  (void)stream;
  if (waiting > 0) {
    if (handle == 0) {
      handle = console(MODE_WRITE);
    }
    const uintptr_t arguments[] = {handle, (uintptr_t)out, waiting};
    waiting = 0;
    return call(SYS_WRITE, arguments) == 0 ? 0 : EOF;
  }
  return 0;
}

int put_one(char byte, FILE *stream) {
  out[waiting++] = byte;
  return byte == '\n' || waiting == sizeof out ? write_out(stream) : 0;
}

static FILE in_stream = FDEV_SETUP_STREAM(NULL, get_one, NULL, _FDEV_SETUP_READ);
static FILE out_stream = FDEV_SETUP_STREAM(put_one, NULL, write_out, _FDEV_SETUP_WRITE);

FILE *const stdin = &in_stream;
FILE *const stdout = &out_stream;
FILE *const stderr = &out_stream;
