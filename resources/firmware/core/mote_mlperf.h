/* The serial commands of MLPerf Tiny's performance runner, beside Mote Link on the same line.
 *
 * A command is text that ends with '%': name, timestamp, profile, help, db load N, db HH.., db print, infer N [W],
 * results. Mote Link's frames have bytes below 32 from their second byte on, so neither is taken for the other.
 * `db load` takes as many bytes as the model's input has, or as a window of samples has: then features are computed too.
 * Bytes go to the sample ring's memory; streaming ends. What `results` tells is of the first inference after `infer`: a
 * model may overwrite its input while it runs, and is given the same again.
 *
 * Source: github.com/mlcommons/tiny, benchmark/api (commands, answers).
 */
#ifndef MOTE_MLPERF_H
#define MOTE_MLPERF_H

#include <stdbool.h>
#include <stdint.h>

enum { MOTE_MLPERF_COMMAND = 80 };

typedef struct {
  char command[MOTE_MLPERF_COMMAND + 1];
  uint8_t length;
  bool noise;        /* until the next end of a frame */
  bool spoke;        /* text went out after the last frame of the link */
  uint32_t expected; /* bytes, after db load */
  uint32_t loaded;
} mote_mlperf;

struct mote_app;

void mote_mlperf_init(mote_mlperf *state);

/* Takes one byte from the line, and runs the command that it ends. Returns whether it did: what came was no frame. */
bool mote_mlperf_push(struct mote_app *app, uint8_t byte);

#endif
