/* From the model's scores to a detection: mean over the last outputs, threshold, suppression. Integers only.
 *
 * A class fires when its mean score is the highest, reaches the threshold, is no background class, and nothing fired
 * within the suppression time.
 */
#ifndef MOTE_POST_H
#define MOTE_POST_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef MOTE_POST_MAX_CLASSES
#define MOTE_POST_MAX_CLASSES 32
#endif
#ifndef MOTE_POST_MAX_MEAN
#define MOTE_POST_MAX_MEAN 8
#endif

typedef struct {
  uint8_t classes;          /* 1 .. MOTE_POST_MAX_CLASSES */
  uint8_t mean_over;        /* outputs, 1 .. MOTE_POST_MAX_MEAN */
  int8_t threshold;         /* a raw score, as the model's int8 output */
  uint32_t suppression_us;  /* after a detection */
  uint32_t background_mask; /* bit i: class i never fires */
} mote_post_config;

typedef struct {
  mote_post_config config;
  int8_t history[MOTE_POST_MAX_MEAN][MOTE_POST_MAX_CLASSES];
  uint8_t next;
  uint8_t filled;
  bool fired_before;
  uint64_t fired_at_us;
} mote_post;

typedef struct {
  uint8_t top;    /* class with the highest mean; the lower index where two are equal */
  int8_t score;   /* its mean, rounded towards minus infinity */
  bool fired;
} mote_detection;

/* Returns false where the configuration makes no sense. */
bool mote_post_init(mote_post *post, const mote_post_config *config);

/* Takes one output of the model, `classes` scores, and its time. */
mote_detection mote_post_update(mote_post *post, const int8_t *scores, uint64_t time_us);

/* Forgets the past, as after a gap in the samples; the suppression time goes on. */
void mote_post_reset(mote_post *post);

#ifdef __cplusplus
}
#endif

#endif
