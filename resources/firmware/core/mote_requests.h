/* The control side of the application, between its own files: requests from the studio and their replies. */
#ifndef MOTE_REQUESTS_H
#define MOTE_REQUESTS_H

#include "mote_app.h"
#include "mote_cbor.h"

/* mote_app.c */
void mote_app_send(mote_app *app, uint8_t kind, size_t length); /* `length` bytes of app->payload */
void mote_app_start(mote_app *app, uint32_t limit);
void mote_app_stop(mote_app *app);
void mote_app_window_done(mote_app *app); /* another window than the stream's went through the features */

/* mote_requests.c */
void mote_handle_request(mote_app *app, const mote_frame *frame);
mote_cbor_writer mote_reply_begin(mote_app *app, uint32_t id, bool ok);
void mote_reply_end(mote_app *app, uint32_t id, const mote_cbor_writer *writer);
void mote_reply_empty(mote_app *app, uint32_t id);
void mote_reply_error(mote_app *app, uint32_t id, const char *code); /* the studio has the words */
void mote_put_text(mote_cbor_writer *writer, const char *key, const char *value);
void mote_put_count(mote_cbor_writer *writer, const char *key, uint64_t value);
void mote_put_sha256(mote_cbor_writer *writer, const uint8_t *sha256); /* in hexadecimal, as "sha256" */
/* The argument `key`; its type is MOTE_CBOR_NONE where there is none. */
mote_cbor_item mote_argument(const mote_cbor_reader *args, const char *key);

/* mote_slot_requests.c: whether `op` was one of its own. */
bool mote_handle_slot_request(mote_app *app, uint32_t id, const mote_cbor_item *op, const mote_cbor_reader *args);

#endif
