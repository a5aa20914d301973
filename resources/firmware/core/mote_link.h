/* Mote Link framing on the board: bytes in, checked frames out, and back.
 *
 * A frame on the wire is COBS(kind u8 | sequence u16 LE | payload | CRC-32C u32 LE) 0x00. The zero byte occurs nowhere
 * else, so a decoder that starts anywhere, or meets noise, is in step again at the next zero. No heap; one fixed
 * buffer a decoder; nothing that arrives can write past it. What a payload means is not known here.
 */
#ifndef MOTE_LINK_H
#define MOTE_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Longest payload that this board takes or sends; the studio never exceeds 8192. */
#ifndef MOTE_LINK_MAX_PAYLOAD
#define MOTE_LINK_MAX_PAYLOAD 1024u
#endif

#define MOTE_LINK_OVERHEAD 7u
/* Bytes on the wire, closing zero included, of a frame with this many payload bytes, at most. */
#define MOTE_LINK_WIRE_SIZE(payload) \
  (((payload) + MOTE_LINK_OVERHEAD) + ((payload) + MOTE_LINK_OVERHEAD) / 254u + 2u)

enum {
  MOTE_KIND_REQUEST = 1,
  MOTE_KIND_REPLY = 2,
  MOTE_KIND_EVENT = 3,
  MOTE_KIND_SAMPLES = 16,
  MOTE_KIND_INFERENCE = 17
};

typedef struct {
  uint8_t kind;
  uint16_t sequence;
  const uint8_t *payload; /* inside the decoder; valid until the next byte is pushed */
  size_t length;
} mote_frame;

typedef struct {
  uint32_t frames;
  uint32_t crc_errors;
  uint32_t cobs_errors; /* bad stuffing, too short or too long */
  uint32_t skipped_bytes;
  uint32_t lost_frames;
} mote_link_stats;

typedef struct {
  uint8_t buffer[MOTE_LINK_WIRE_SIZE(MOTE_LINK_MAX_PAYLOAD)];
  size_t held;
  bool overlong;
  bool in_sequence;
  uint16_t expected;
  mote_link_stats stats;
} mote_link_decoder;

/* CRC-32C (Castagnoli, RFC 3720). Start with crc = 0; feed parts by passing the last result. */
uint32_t mote_crc32c(uint32_t crc, const uint8_t *data, size_t length);

/* Takes the next bytes of a frame, at most 255. */
typedef void (*mote_link_sink)(void *context, const uint8_t *data, size_t length);

/* Hands a whole frame with its closing zero to `send`, piece by piece. Returns false, and sends nothing, where the
 * payload is longer than MOTE_LINK_MAX_PAYLOAD. */
bool mote_link_send(uint8_t kind, uint16_t sequence, const uint8_t *payload, size_t length, mote_link_sink send,
                    void *context);

void mote_link_decoder_init(mote_link_decoder *decoder);

/* Takes one byte. Returns true where it completes a good frame, and then fills `frame`. Damage is counted. */
bool mote_link_push(mote_link_decoder *decoder, uint8_t byte, mote_frame *frame);

#ifdef __cplusplus
}
#endif

#endif
