/* Test driver: Mote Link framing by lines of text. "encode KIND SEQ HEX" answers HEX; "decode HEX" answers one line
 * "frame KIND SEQ HEX" a frame, then "stats ..."; "reset" forgets; "crc HEX" answers the checksum. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mote_link.h"

static char line[1 << 20];
static uint8_t bytes[1 << 19];

static size_t unhex(const char *text, uint8_t *out) {
  size_t n = 0;
  unsigned value;
  while (*text && *text != '\n' && sscanf(text, "%2x", &value) == 1) {
    out[n++] = (uint8_t)value;
    text += 2;
  }
  return n;
}

static void hex(const uint8_t *data, size_t length) {
  for (size_t i = 0; i < length; ++i) {
    printf("%02x", data[i]);
  }
  putchar('\n');
}

/* Exactly as large as the macro promises, so that the address checker sees a byte too many. */
static uint8_t *wire;
static size_t sent;

static void collect(void *context, const uint8_t *data, size_t length) {
  (void)context;
  memcpy(wire + sent, data, length);
  sent += length;
}

int main(void) {
  static mote_link_decoder decoder;
  mote_link_decoder_init(&decoder);
  while (fgets(line, sizeof line, stdin)) {
    if (strncmp(line, "encode ", 7) == 0) {
      unsigned kind, sequence;
      int used = 0;
      if (sscanf(line + 7, "%u %u %n", &kind, &sequence, &used) != 2) return 2;
      const size_t length = unhex(line + 7 + used, bytes);
      wire = malloc(MOTE_LINK_WIRE_SIZE(length));
      sent = 0;
      mote_link_send((uint8_t)kind, (uint16_t)sequence, bytes, length, collect, NULL);
      hex(wire, sent);
      free(wire);
    } else if (strncmp(line, "decode ", 7) == 0) {
      const size_t length = unhex(line + 7, bytes);
      mote_frame frame;
      for (size_t i = 0; i < length; ++i) {
        if (mote_link_push(&decoder, bytes[i], &frame)) {
          printf("frame %u %u ", frame.kind, frame.sequence);
          hex(frame.payload, frame.length);
        }
      }
      const mote_link_stats *s = &decoder.stats;
      printf("stats %u %u %u %u %u\n", s->frames, s->crc_errors, s->cobs_errors, s->skipped_bytes, s->lost_frames);
    } else if (strncmp(line, "crc ", 4) == 0) {
      const size_t length = unhex(line + 4, bytes);
      const size_t half = length / 2;
      const uint32_t parts = mote_crc32c(mote_crc32c(0, bytes, half), bytes + half, length - half);
      printf("%08x %08x\n", mote_crc32c(0, bytes, length), parts);
    } else {
      mote_link_decoder_init(&decoder);
      puts("ok");
    }
    fflush(stdout);
  }
  return 0;
}
