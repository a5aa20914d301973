/* The little CBOR (RFC 8949) that control messages need: a writer into a fixed buffer and a reader that cannot leave
 * its own. Definite lengths only; anything else is an error, and an error sticks until the end.
 */
#ifndef MOTE_CBOR_H
#define MOTE_CBOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
  uint8_t *data;
  size_t capacity;
  size_t length;
  bool failed; /* it did not fit */
} mote_cbor_writer;

void mote_cbor_uint(mote_cbor_writer *writer, uint64_t value);
void mote_cbor_int(mote_cbor_writer *writer, int64_t value);
void mote_cbor_bytes(mote_cbor_writer *writer, const uint8_t *data, size_t length);
void mote_cbor_text(mote_cbor_writer *writer, const char *text);
void mote_cbor_array(mote_cbor_writer *writer, size_t count);
void mote_cbor_map(mote_cbor_writer *writer, size_t count); /* `count` pairs follow */
void mote_cbor_bool(mote_cbor_writer *writer, bool value);
void mote_cbor_null(mote_cbor_writer *writer);
void mote_cbor_float(mote_cbor_writer *writer, float value);
void mote_cbor_double(mote_cbor_writer *writer, double value);

typedef enum {
  MOTE_CBOR_NONE = 0, /* end, or an error */
  MOTE_CBOR_INT,      /* `integer` */
  MOTE_CBOR_BYTES,    /* `data`, `length` */
  MOTE_CBOR_TEXT,     /* `data`, `length`; not terminated */
  MOTE_CBOR_ARRAY,    /* `length` items follow */
  MOTE_CBOR_MAP,      /* `length` pairs follow */
  MOTE_CBOR_BOOL,     /* `integer` 0 or 1 */
  MOTE_CBOR_NULL,
  MOTE_CBOR_FLOAT /* `number` */
} mote_cbor_type;

typedef struct {
  mote_cbor_type type;
  int64_t integer;
  double number;
  const uint8_t *data;
  size_t length;
} mote_cbor_item;

typedef struct {
  const uint8_t *data;
  size_t length;
  size_t at;
  bool failed;
} mote_cbor_reader;

/* The next item's head; the content of arrays and maps comes as further items. */
mote_cbor_item mote_cbor_next(mote_cbor_reader *reader);

/* Passes over one whole value, nested ones included (at most 8 deep). Returns false on an error. */
bool mote_cbor_skip(mote_cbor_reader *reader);

/* In the map that `map` stands before: puts `value` before the value of the text key `key`. Does not move `map`. */
bool mote_cbor_find(const mote_cbor_reader *map, const char *key, mote_cbor_reader *value);

/* Whether a text item is this string. */
bool mote_cbor_is(const mote_cbor_item *item, const char *text);

#ifdef __cplusplus
}
#endif

#endif
