/* Test driver: the sample ring. "init CAPACITY CHANNELS WINDOW STEP", "push FIRST COUNT" (samples count up from FIRST,
 * channel c adds 1000 * c), "take" answers "END FIRST_SAMPLE" or "-" where no window is ready, "next MOST" answers
 * "END FIRST_SAMPLE COUNT GAP" or "-", "lost". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mote_ring.h"

int main(void) {
  char line[256];
  static mote_ring ring;
  int16_t *memory = NULL, *window = NULL;
  unsigned capacity = 0, channels = 0, size = 0, step = 0, first, count;
  while (fgets(line, sizeof line, stdin)) {
    if (sscanf(line, "init %u %u %u %u", &capacity, &channels, &size, &step) == 4) {
      free(memory);
      free(window);
      memory = calloc((size_t)capacity * channels + 1, sizeof *memory);
      window = malloc(((size_t)size * channels + 1) * sizeof *window);
      puts(mote_ring_init(&ring, memory, capacity, channels, size, step) ? "ok" : "refused");
    } else if (sscanf(line, "push %u %u", &first, &count) == 2) {
      int16_t *frames = malloc(((size_t)count * channels + 1) * sizeof *frames);
      for (unsigned i = 0; i < count * channels; ++i) {
        frames[i] = (int16_t)(first + i / channels + 1000 * (i % channels));
      }
      printf("%u\n", mote_ring_push(&ring, frames, count));
      free(frames);
    } else if (strncmp(line, "take", 4) == 0) {
      if (!mote_ring_ready(&ring)) {
        puts("-");
      } else {
        const unsigned long long end = mote_ring_take(&ring, window);
        for (unsigned i = 0; i < size * channels; ++i) {
          if (window[i] != (int16_t)(window[0] + (int)(i / channels) + 1000 * (int)(i % channels))) {
            printf("torn ");
            break;
          }
        }
        printf("%llu %d\n", end, window[0]);
      }
    } else if (sscanf(line, "next %u", &first) == 1) {
      uint32_t held;
      bool gap;
      const int16_t *samples = mote_ring_next(&ring, first, &held, &gap);
      if (samples == NULL) {
        puts("-");
      } else {
        const int16_t sample = samples[0];
        for (unsigned i = 0; i < held * channels; ++i) {
          if (samples[i] != (int16_t)(sample + (int)(i / channels) + 1000 * (int)(i % channels))) {
            printf("torn ");
            break;
          }
        }
        printf("%llu %d %u %d\n", (unsigned long long)mote_ring_drop(&ring, held), sample, held, gap);
      }
    } else {
      printf("%u\n", mote_ring_lost(&ring));
    }
    fflush(stdout);
  }
  free(memory);
  free(window);
  return 0;
}
