/* Test driver: CBOR. "read HEX" answers the items, one token each, and "end" or "error"; "find HEX KEY" answers the
 * first item of that key's value; "skip HEX" answers where it stopped; "write" answers a fixed map; "short N" writes it
 * into N bytes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mote_cbor.h"

static void show(const mote_cbor_item *item) {
  static const char *const names[] = {"none", "int", "bytes", "text", "array", "map", "bool", "null", "float"};
  printf("%s", names[item->type]);
  if (item->type == MOTE_CBOR_INT || item->type == MOTE_CBOR_BOOL) {
    printf(":%lld", (long long)item->integer);
  } else if (item->type == MOTE_CBOR_FLOAT) {
    uint64_t bits; /* some C libraries print digits that are not the nearest */
    memcpy(&bits, &item->number, sizeof bits);
    printf(":%016llx", (unsigned long long)bits);
  } else if (item->type == MOTE_CBOR_ARRAY || item->type == MOTE_CBOR_MAP) {
    printf(":%llu", (unsigned long long)item->length);
  } else if (item->data != NULL) {
    putchar(':');
    for (size_t i = 0; i < item->length; ++i) {
      printf("%02x", item->data[i]);
    }
  }
  putchar(' ');
}

static void write_all(mote_cbor_writer *writer) {
  static const int64_t numbers[] = {0, 23, 24, 255, 256, 65535, 65536, 4294967295, 4294967296, INT64_MAX, -1, -24, -25, INT64_MIN};
  mote_cbor_map(writer, 7);
  mote_cbor_text(writer, "numbers");
  mote_cbor_array(writer, sizeof numbers / sizeof numbers[0]);
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; ++i) {
    mote_cbor_int(writer, numbers[i]);
  }
  mote_cbor_text(writer, "bytes");
  mote_cbor_bytes(writer, (const uint8_t *)"\x00\xff", 2);
  mote_cbor_text(writer, "empty");
  mote_cbor_text(writer, "");
  mote_cbor_text(writer, "yes");
  mote_cbor_bool(writer, true);
  mote_cbor_text(writer, "nothing");
  mote_cbor_null(writer);
  mote_cbor_text(writer, "single");
  mote_cbor_float(writer, 0.1f);
  mote_cbor_text(writer, "double");
  mote_cbor_double(writer, -1e300);
}

int main(void) {
  static char line[1 << 16];
  while (fgets(line, sizeof line, stdin)) {
    if (strncmp(line, "write", 5) == 0 || strncmp(line, "short ", 6) == 0) {
      const size_t size = line[0] == 'w' ? 4096 : strtoul(line + 6, NULL, 10);
      uint8_t *out = malloc(size + 1);
      mote_cbor_writer writer = {out, size, 0, false};
      write_all(&writer);
      if (writer.failed) {
        printf("failed");
      } else {
        for (size_t i = 0; i < writer.length; ++i) {
          printf("%02x", out[i]);
        }
      }
      putchar('\n');
      free(out);
      fflush(stdout);
      continue;
    }
    char *text = line + 5;
    const size_t digits = strspn(text, "0123456789abcdef");
    uint8_t *data = malloc(digits / 2 + 1);
    unsigned value;
    for (size_t i = 0; i < digits / 2 && sscanf(text + 2 * i, "%2x", &value) == 1; ++i) {
      data[i] = (uint8_t)value;
    }
    data = realloc(data, digits / 2 > 0 ? digits / 2 : 1); /* exact, for the address checker */
    mote_cbor_reader reader = {data, digits / 2, 0, false};
    if (line[0] == 'r') {
      while (!reader.failed && reader.at < reader.length) {
        const mote_cbor_item item = mote_cbor_next(&reader);
        show(&item);
      }
      puts(reader.failed ? "error" : "end");
    } else if (line[0] == 's') {
      const bool good = mote_cbor_skip(&reader);
      printf("%s %llu\n", good ? "end" : "error", (unsigned long long)reader.at);
    } else {
      char *key = text + digits + 1;
      key[strcspn(key, "\n")] = 0;
      mote_cbor_reader found;
      if (mote_cbor_find(&reader, key, &found)) {
        const mote_cbor_item item = mote_cbor_next(&found);
        show(&item);
        putchar('\n');
      } else {
        puts("absent");
      }
    }
    free(data);
    fflush(stdout);
  }
  return 0;
}
