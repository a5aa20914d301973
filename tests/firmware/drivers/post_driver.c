/* Test driver: post-processing. "init CLASSES MEAN THRESHOLD SUPPRESSION_US BACKGROUND", "update TIME_US S S S ..."
 * answers "TOP SCORE FIRED", "reset". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mote_post.h"

int main(void) {
  char line[1024];
  static mote_post post;
  while (fgets(line, sizeof line, stdin)) {
    unsigned classes, mean, suppression, background;
    int threshold;
    if (sscanf(line, "init %u %u %d %u %u", &classes, &mean, &threshold, &suppression, &background) == 5) {
      const mote_post_config config = {(uint8_t)classes, (uint8_t)mean, (int8_t)threshold, suppression, background};
      puts(mote_post_init(&post, &config) ? "ok" : "refused");
    } else if (strncmp(line, "update ", 7) == 0) {
      char *at = line + 7;
      const unsigned long long time = strtoull(at, &at, 10);
      int8_t *scores = malloc(post.config.classes);
      for (int c = 0; c < post.config.classes; ++c) {
        scores[c] = (int8_t)strtol(at, &at, 10);
      }
      const mote_detection d = mote_post_update(&post, scores, time);
      free(scores);
      printf("%u %d %d\n", d.top, d.score, d.fired);
    } else {
      mote_post_reset(&post);
      puts("ok");
    }
    fflush(stdout);
  }
  return 0;
}
