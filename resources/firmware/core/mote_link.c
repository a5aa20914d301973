#include "mote_link.h"

#include <string.h>

/* Four bits at a time: 64 bytes of table instead of 1024, for boards whose flash is small. */
static const uint32_t crc_table[16] = {
    0x00000000u, 0x105EC76Fu, 0x20BD8EDEu, 0x30E349B1u, 0x417B1DBCu, 0x5125DAD3u, 0x61C69362u, 0x7198540Du,
    0x82F63B78u, 0x92A8FC17u, 0xA24BB5A6u, 0xB21572C9u, 0xC38D26C4u, 0xD3D3E1ABu, 0xE330A81Au, 0xF36E6F75u,
};

uint32_t mote_crc32c(uint32_t crc, const uint8_t *data, size_t length) {
  crc = ~crc;
  for (size_t i = 0; i < length; ++i) {
    crc ^= data[i];
    crc = (crc >> 4) ^ crc_table[crc & 15u];
    crc = (crc >> 4) ^ crc_table[crc & 15u];
  }
  return ~crc;
}

/* COBS while writing: a block of a length byte and what follows up to the next zero, handed on when it is whole. A block
 * that is full (254 bytes) is closed only when more follows, so that a message ending there has no empty block after
 * it. */
typedef struct {
  uint8_t block[255];
  uint8_t length; /* with the length byte */
  mote_link_sink send;
  void *context;
} cobs_writer;

static void cobs_close(cobs_writer *writer) {
  writer->block[0] = writer->length;
  writer->send(writer->context, writer->block, writer->length);
  writer->length = 1;
}

static void cobs_put(cobs_writer *writer, const uint8_t *data, size_t length) {
  for (size_t i = 0; i < length; ++i) {
    if (writer->length == 0xFFu) {
      cobs_close(writer);
    }
    if (data[i] == 0) {
      cobs_close(writer);
    } else {
      writer->block[writer->length++] = data[i];
    }
  }
}

bool mote_link_send(uint8_t kind, uint16_t sequence, const uint8_t *payload, size_t length, mote_link_sink send,
                    void *context) {
  if (length > MOTE_LINK_MAX_PAYLOAD) {
    return false;
  }
  const uint8_t head[3] = {kind, (uint8_t)(sequence & 0xFFu), (uint8_t)(sequence >> 8)};
  uint32_t crc = mote_crc32c(0, head, sizeof head);
  if (length > 0) {
    crc = mote_crc32c(crc, payload, length);
  }
  const uint8_t tail[4] = {(uint8_t)crc, (uint8_t)(crc >> 8), (uint8_t)(crc >> 16), (uint8_t)(crc >> 24)};
  cobs_writer writer = {.length = 1, .send = send, .context = context};
  cobs_put(&writer, head, sizeof head);
  cobs_put(&writer, payload, length);
  cobs_put(&writer, tail, sizeof tail);
  cobs_close(&writer);
  send(context, (const uint8_t[]){0}, 1);
  return true;
}

/* Decodes in place; the output is never longer than the input. Returns false on bad stuffing. */
static bool cobs_decode(uint8_t *data, size_t length, size_t *decoded) {
  size_t from = 0;
  size_t to = 0;
  while (from < length) {
    const size_t code = data[from++];
    if (code == 0 || code - 1 > length - from) {
      return false;
    }
    memmove(data + to, data + from, code - 1);
    to += code - 1;
    from += code - 1;
    if (code != 0xFFu && from < length) {
      data[to++] = 0;
    }
  }
  *decoded = to;
  return true;
}

void mote_link_decoder_init(mote_link_decoder *decoder) { memset(decoder, 0, sizeof *decoder); }

static bool finish(mote_link_decoder *decoder, mote_frame *frame) {
  const size_t held = decoder->held;
  uint8_t *data = decoder->buffer;
  size_t length = 0;
  decoder->held = 0;
  if (!cobs_decode(data, held, &length) || length < MOTE_LINK_OVERHEAD ||
      length > MOTE_LINK_MAX_PAYLOAD + MOTE_LINK_OVERHEAD) {
    decoder->stats.cobs_errors++;
    decoder->stats.skipped_bytes += (uint32_t)held;
    return false;
  }
  const uint8_t *tail = data + length - 4;
  const uint32_t said =
      (uint32_t)tail[0] | (uint32_t)tail[1] << 8 | (uint32_t)tail[2] << 16 | (uint32_t)tail[3] << 24;
  if (mote_crc32c(0, data, length - 4) != said) {
    decoder->stats.crc_errors++;
    decoder->stats.skipped_bytes += (uint32_t)held;
    return false;
  }
  frame->kind = data[0];
  frame->sequence = (uint16_t)(data[1] | (unsigned)data[2] << 8);
  frame->payload = data + 3;
  frame->length = length - MOTE_LINK_OVERHEAD;
  if (decoder->in_sequence) {
    /* A step of less than half the range forward is a loss; anything else is a sender that began anew. */
    const uint16_t missing = (uint16_t)(frame->sequence - decoder->expected);
    if (missing < 0x8000u) {
      decoder->stats.lost_frames += missing;
    }
  }
  decoder->in_sequence = true;
  decoder->expected = (uint16_t)(frame->sequence + 1u);
  decoder->stats.frames++;
  return true;
}

bool mote_link_push(mote_link_decoder *decoder, uint8_t byte, mote_frame *frame) {
  if (byte == 0) {
    if (decoder->overlong) {
      decoder->overlong = false;
      decoder->stats.cobs_errors++;
      return false;
    }
    return decoder->held > 0 && finish(decoder, frame);
  }
  if (decoder->overlong) {
    decoder->stats.skipped_bytes++;
  } else if (decoder->held >= sizeof decoder->buffer - 1) {
    decoder->stats.skipped_bytes += (uint32_t)decoder->held + 1u;
    decoder->held = 0;
    decoder->overlong = true;
  } else {
    decoder->buffer[decoder->held++] = byte;
  }
  return false;
}
