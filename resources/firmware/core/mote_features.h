/* All features of the model's input: the uses of the feature stages side by side. Generated code implements it
 * (model/mote_features.c). */
#ifndef MOTE_FEATURES_H
#define MOTE_FEATURES_H

#include "mote_core.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One whole window of raw counts in, all features out. */
void mote_features_run(const int16_t *window, mote_sink *sink);

/* Sample by sample, where MOTE_FEATURES_STREAMING says so: every use takes samples as they come. */
void mote_features_reset(void);
void mote_features_push(const int16_t *samples, size_t count);
void mote_features_emit(mote_sink *sink);

#ifdef __cplusplus
}
#endif

#endif
