/* C twin of mote-audio/logmel: log-mel spectrogram, frame by frame as samples come, in the asked arithmetic. */
#include "mote_core.h"

#include "feature_params.h"

#if MOTE_LOGMEL_INTEGER
#include "mote_logmel_integer.h"
#else
#include "mote_logmel_float.h"
#endif
