#include "mote_cbor.h"

#include <string.h>

enum { MAX_DEPTH = 8 };

static void put(mote_cbor_writer *writer, const void *data, size_t length) {
  if (writer->failed || length > writer->capacity - writer->length) {
    writer->failed = true;
    return;
  }
  if (length > 0) {
    memcpy(writer->data + writer->length, data, length);
    writer->length += length;
  }
}

static void put_big_endian(mote_cbor_writer *writer, uint8_t first, uint64_t value, unsigned bytes) {
  uint8_t out[9] = {first};
  for (unsigned i = 0; i < bytes; ++i) {
    out[1 + i] = (uint8_t)(value >> (8 * (bytes - 1 - i)));
  }
  put(writer, out, 1 + bytes);
}

static void head(mote_cbor_writer *writer, uint8_t major, uint64_t value) {
  const uint8_t type = (uint8_t)(major << 5);
  if (value < 24) {
    put_big_endian(writer, (uint8_t)(type | value), 0, 0);
  } else if (value <= UINT8_MAX) {
    put_big_endian(writer, type | 24, value, 1);
  } else if (value <= UINT16_MAX) {
    put_big_endian(writer, type | 25, value, 2);
  } else if (value <= UINT32_MAX) {
    put_big_endian(writer, type | 26, value, 4);
  } else {
    put_big_endian(writer, type | 27, value, 8);
  }
}

void mote_cbor_uint(mote_cbor_writer *writer, uint64_t value) { head(writer, 0, value); }

void mote_cbor_int(mote_cbor_writer *writer, int64_t value) {
  if (value >= 0) {
    head(writer, 0, (uint64_t)value);
  } else {
    head(writer, 1, (uint64_t)(-(value + 1)));
  }
}

void mote_cbor_bytes(mote_cbor_writer *writer, const uint8_t *data, size_t length) {
  head(writer, 2, length);
  put(writer, data, length);
}

void mote_cbor_text(mote_cbor_writer *writer, const char *text) {
  const size_t length = strlen(text);
  head(writer, 3, length);
  put(writer, text, length);
}

void mote_cbor_array(mote_cbor_writer *writer, size_t count) { head(writer, 4, count); }

void mote_cbor_map(mote_cbor_writer *writer, size_t count) { head(writer, 5, count); }

void mote_cbor_bool(mote_cbor_writer *writer, bool value) { put_big_endian(writer, value ? 0xF5 : 0xF4, 0, 0); }

void mote_cbor_null(mote_cbor_writer *writer) { put_big_endian(writer, 0xF6, 0, 0); }

void mote_cbor_float(mote_cbor_writer *writer, float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  put_big_endian(writer, 0xFA, bits, 4);
}

void mote_cbor_double(mote_cbor_writer *writer, double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  put_big_endian(writer, 0xFB, bits, 8);
}

static mote_cbor_item none(mote_cbor_reader *reader) {
  const mote_cbor_item item = {MOTE_CBOR_NONE, 0, 0.0, NULL, 0};
  reader->failed = true;
  return item;
}

static bool read_number(mote_cbor_reader *reader, unsigned info, uint64_t *value) {
  if (info < 24) {
    *value = info;
    return true;
  }
  if (info > 27) {
    return false; /* indefinite or reserved */
  }
  const size_t bytes = (size_t)1 << (info - 24);
  if (bytes > reader->length - reader->at) {
    return false;
  }
  *value = 0;
  for (size_t i = 0; i < bytes; ++i) {
    *value = *value << 8 | reader->data[reader->at++];
  }
  return true;
}

/* A narrower floating-point number's bits as a double's, without arithmetic in double precision: most boards have none
 * in hardware, and it would take kilobytes of flash. */
static double widen(uint32_t bits, unsigned exponent_bits, unsigned fraction_bits) {
  const uint32_t most = (1u << exponent_bits) - 1u, one = 1u << fraction_bits;
  const uint64_t sign = bits >> (exponent_bits + fraction_bits) & 1u;
  uint32_t fraction = bits & (one - 1u), exponent = bits >> fraction_bits & most;
  uint32_t wide = exponent + 1023u - most / 2u;
  if (exponent == most) {
    wide = 2047u; /* infinity or NaN */
  } else if (exponent == 0 && fraction == 0) {
    wide = 0;
  } else if (exponent == 0) {
    for (wide += 1u; (fraction & one) == 0; --wide) {
      fraction <<= 1;
    }
    fraction &= one - 1u;
  }
  const uint64_t whole = sign << 63 | (uint64_t)wide << 52 | (uint64_t)fraction << (52u - fraction_bits);
  double value;
  memcpy(&value, &whole, sizeof value);
  return value;
}

static bool read_simple(unsigned info, uint64_t value, mote_cbor_item *item) {
  if (info == 20 || info == 21) {
    item->type = MOTE_CBOR_BOOL;
    item->integer = info == 21;
  } else if (info == 22 || info == 23) {
    item->type = MOTE_CBOR_NULL;
  } else if (info == 25) {
    item->type = MOTE_CBOR_FLOAT;
    item->number = widen((uint32_t)value, 5, 10);
  } else if (info == 26) {
    item->type = MOTE_CBOR_FLOAT;
    item->number = widen((uint32_t)value, 8, 23);
  } else if (info == 27) {
    item->type = MOTE_CBOR_FLOAT;
    memcpy(&item->number, &value, sizeof item->number);
  } else {
    return false;
  }
  return true;
}

mote_cbor_item mote_cbor_next(mote_cbor_reader *reader) {
  mote_cbor_item item = {MOTE_CBOR_NONE, 0, 0.0, NULL, 0};
  if (reader->failed || reader->at >= reader->length) {
    return none(reader);
  }
  const uint8_t first = reader->data[reader->at++];
  const unsigned major = first >> 5;
  uint64_t value = 0;
  if (!read_number(reader, first & 31u, &value)) {
    return none(reader);
  }
  const size_t left = reader->length - reader->at;
  switch (major) {
    case 0:
    case 1:
      if (value > INT64_MAX) {
        return none(reader);
      }
      item.type = MOTE_CBOR_INT;
      item.integer = major == 0 ? (int64_t)value : -(int64_t)value - 1;
      return item;
    case 2:
    case 3:
      if (value > left) {
        return none(reader);
      }
      item.type = major == 2 ? MOTE_CBOR_BYTES : MOTE_CBOR_TEXT;
      item.data = reader->data + reader->at;
      item.length = (size_t)value;
      reader->at += item.length;
      return item;
    case 4:
    case 5:
      /* Every item takes a byte at least: a longer count is a lie, and would be a long loop. */
      if (value > left) {
        return none(reader);
      }
      item.type = major == 4 ? MOTE_CBOR_ARRAY : MOTE_CBOR_MAP;
      item.length = (size_t)value;
      return item;
    case 7:
      return read_simple(first & 31u, value, &item) ? item : none(reader);
    default:
      return none(reader); /* tags */
  }
}

static bool skip(mote_cbor_reader *reader, int depth) {
  const mote_cbor_item item = mote_cbor_next(reader);
  size_t items = 0;
  if (item.type == MOTE_CBOR_ARRAY) {
    items = item.length;
  } else if (item.type == MOTE_CBOR_MAP) {
    items = 2 * item.length;
  }
  if (items > 0 && depth >= MAX_DEPTH) {
    reader->failed = true;
  }
  for (size_t i = 0; i < items && !reader->failed; ++i) {
    skip(reader, depth + 1);
  }
  return !reader->failed;
}

bool mote_cbor_skip(mote_cbor_reader *reader) { return skip(reader, 0); }

bool mote_cbor_is(const mote_cbor_item *item, const char *text) {
  return item->type == MOTE_CBOR_TEXT && item->length == strlen(text) && memcmp(item->data, text, item->length) == 0;
}

bool mote_cbor_find(const mote_cbor_reader *map, const char *key, mote_cbor_reader *value) {
  mote_cbor_reader reader = *map;
  const mote_cbor_item item = mote_cbor_next(&reader);
  if (item.type != MOTE_CBOR_MAP) {
    return false;
  }
  for (size_t i = 0; i < item.length; ++i) {
    mote_cbor_reader at_key = reader;
    const mote_cbor_item name = mote_cbor_next(&at_key);
    if (mote_cbor_is(&name, key)) {
      *value = at_key;
      return true;
    }
    if (!mote_cbor_skip(&reader) || !mote_cbor_skip(&reader)) {
      return false;
    }
  }
  return false;
}
