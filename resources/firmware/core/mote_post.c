#include "mote_post.h"

#include <string.h>

bool mote_post_init(mote_post *post, const mote_post_config *config) {
  if (config->classes == 0 || config->classes > MOTE_POST_MAX_CLASSES || config->mean_over == 0 ||
      config->mean_over > MOTE_POST_MAX_MEAN) {
    return false;
  }
  memset(post, 0, sizeof *post);
  post->config = *config;
  return true;
}

void mote_post_reset(mote_post *post) {
  post->next = 0;
  post->filled = 0;
}

static int32_t floor_mean(int32_t sum, int32_t count) {
  const int32_t mean = sum / count;
  return sum % count < 0 ? mean - 1 : mean;
}

mote_detection mote_post_update(mote_post *post, const int8_t *scores, uint64_t time_us) {
  const mote_post_config *config = &post->config;
  memcpy(post->history[post->next], scores, config->classes);
  post->next = (uint8_t)((post->next + 1u) % config->mean_over);
  if (post->filled < config->mean_over) {
    post->filled++;
  }
  int32_t best = 0;
  uint8_t top = 0;
  for (uint8_t c = 0; c < config->classes; ++c) {
    int32_t sum = 0;
    for (uint8_t i = 0; i < post->filled; ++i) {
      sum += post->history[i][c];
    }
    if (c == 0 || sum > best) {
      best = sum;
      top = c;
    }
  }
  mote_detection detection = {top, (int8_t)floor_mean(best, post->filled), false};
  const bool background = (config->background_mask >> top & 1u) != 0;
  const bool quiet = post->fired_before && time_us - post->fired_at_us < config->suppression_us;
  /* The mean of fewer outputs than asked for is not yet the mean that the threshold was chosen for. */
  if (post->filled == config->mean_over && !background && !quiet && detection.score >= config->threshold) {
    detection.fired = true;
    post->fired_before = true;
    post->fired_at_us = time_us;
  }
  return detection;
}
