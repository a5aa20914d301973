/* INMP441 on I2S: one on the left channel, or two. Its own clock gives the rate; each buffer's end is stamped when the
 * hardware has filled it. */
#include "driver/i2s_std.h"
#include "esp_log.h"
#include "esp_timer.h"
#include "freertos/FreeRTOS.h"
#include "freertos/queue.h"
#include "mote_config.h"
#include "pcm.h"
#include "sampler.h"
#include "sdkconfig.h"
#include "sensor.h"

/* At 64 clocks a sample the INMP441 takes 0.5 to 3.2 MHz. After the clock begins it gives nothing for 2^18 of them. */
enum { LEAST_HZ = 7813, MOST_HZ = 50000, SETTLE_CLOCKS = 1 << 18, BUFFERS = 6, WAIT_MS = 200 };

static const char *const TAG = "microphone";

static i2s_chan_handle_t channel;
static QueueHandle_t stamps; /* of the buffers that the driver holds for us, in the same order */
static int32_t slots[SAMPLER_BLOCK * MOTE_CHANNELS];

static bool on_filled(i2s_chan_handle_t which, i2s_event_data_t *event, void *context) {
  (void)which;
  (void)event;
  (void)context;
  const uint64_t now = (uint64_t)esp_timer_get_time();
  BaseType_t woken = pdFALSE;
  xQueueSendFromISR(stamps, &now, &woken);
  return woken == pdTRUE;
}

/* The driver forgets its oldest buffer: so do we. */
static bool on_overflow(i2s_chan_handle_t which, i2s_event_data_t *event, void *context) {
  (void)which;
  (void)event;
  (void)context;
  uint64_t oldest;
  BaseType_t woken = pdFALSE;
  xQueueReceiveFromISR(stamps, &oldest, &woken);
  return woken == pdTRUE;
}

/* One buffer and the clock at its end. */
static bool read_buffer(uint64_t *end_us) {
  size_t got = 0;
  return i2s_channel_read(channel, slots, sizeof slots, &got, WAIT_MS) == ESP_OK && got == sizeof slots &&
         xQueueReceive(stamps, end_us, 0) == pdTRUE;
}

static bool microphone_start(void) {
  xQueueReset(stamps);
  if (i2s_channel_enable(channel) != ESP_OK) {
    ESP_LOGE(TAG, "I2S does not begin");
    return false;
  }
  uint64_t end_us;
  for (uint32_t settled = 0; settled < SETTLE_CLOCKS / 64; settled += SAMPLER_BLOCK) {
    if (!read_buffer(&end_us)) {
      ESP_LOGE(TAG, "I2S gives no samples");
      i2s_channel_disable(channel);
      return false;
    }
  }
  return true;
}

static void microphone_stop(void) { i2s_channel_disable(channel); }

static uint32_t microphone_read(int16_t *frames, uint32_t most, uint64_t *time_us) {
  uint64_t end_us;
  if (most < SAMPLER_BLOCK || !read_buffer(&end_us)) {
    return 0;
  }
  for (uint32_t i = 0; i < SAMPLER_BLOCK * MOTE_CHANNELS; ++i) {
    frames[i] = pcm_16(slots[i], CONFIG_MOTE_MIC_GAIN_BITS);
  }
  *time_us = end_us - (uint64_t)((float)SAMPLER_BLOCK * 1e6f / MOTE_RATE_HZ);
  return SAMPLER_BLOCK;
}

static esp_err_t open_channel(void) {
  stamps = xQueueCreate(BUFFERS + 2, sizeof(uint64_t));
  if (stamps == NULL) {
    return ESP_ERR_NO_MEM;
  }
  i2s_chan_config_t buffers = I2S_CHANNEL_DEFAULT_CONFIG(I2S_NUM_AUTO, I2S_ROLE_MASTER);
  buffers.dma_desc_num = BUFFERS;
  buffers.dma_frame_num = SAMPLER_BLOCK; /* one buffer of the hardware is one block of ours */
  esp_err_t error = i2s_new_channel(&buffers, NULL, &channel);
  if (error != ESP_OK) {
    return error;
  }
  const i2s_slot_mode_t mode = MOTE_CHANNELS == 2 ? I2S_SLOT_MODE_STEREO : I2S_SLOT_MODE_MONO;
  i2s_std_config_t config = {
      .clk_cfg = I2S_STD_CLK_DEFAULT_CONFIG((uint32_t)(MOTE_RATE_HZ + 0.5f)),
      .slot_cfg = I2S_STD_PHILIPS_SLOT_DEFAULT_CONFIG(I2S_DATA_BIT_WIDTH_32BIT, mode),
      .gpio_cfg = {.mclk = I2S_GPIO_UNUSED,
                   .bclk = CONFIG_MOTE_I2S_SCK,
                   .ws = CONFIG_MOTE_I2S_WS,
                   .dout = I2S_GPIO_UNUSED,
                   .din = CONFIG_MOTE_I2S_SD},
  };
  config.slot_cfg.slot_mask = MOTE_CHANNELS == 2 ? I2S_STD_SLOT_BOTH : I2S_STD_SLOT_LEFT;
  error = i2s_channel_init_std_mode(channel, &config);
  const i2s_event_callbacks_t callbacks = {.on_recv = on_filled, .on_recv_q_ovf = on_overflow};
  return error == ESP_OK ? i2s_channel_register_event_callback(channel, &callbacks, NULL) : error;
}

/* A microphone that is not there reads as all zeros or all ones: noise has more than one value. */
static bool hears(void) {
  uint64_t end_us;
  bool alive = false;
  if (microphone_start()) {
    for (int buffer = 0; buffer < 4 && !alive && read_buffer(&end_us); ++buffer) {
      for (uint32_t i = MOTE_CHANNELS; i < SAMPLER_BLOCK * MOTE_CHANNELS && !alive; ++i) {
        alive = slots[i] != slots[i - MOTE_CHANNELS];
      }
    }
    microphone_stop();
  }
  return alive;
}

const sensor *microphone_find(void) {
  static const sensor microphone = {"INMP441", microphone_start, microphone_stop, microphone_read};
  if (MOTE_CHANNELS > 2 || MOTE_RATE_HZ < (float)LEAST_HZ || MOTE_RATE_HZ > (float)MOST_HZ) {
    ESP_LOGE(TAG, "the INMP441 gives 1 or 2 channels at %d to %d Hz; this project wants %d at %d Hz", LEAST_HZ, MOST_HZ,
             (int)MOTE_CHANNELS, (int)MOTE_RATE_HZ);
    return NULL;
  }
  if (channel == NULL) {
    const esp_err_t error = open_channel();
    if (error != ESP_OK) {
      ESP_LOGE(TAG, "I2S: %s", esp_err_to_name(error));
      if (channel != NULL) {
        i2s_del_channel(channel);
        channel = NULL;
      }
      return NULL;
    }
  }
  if (!hears()) {
    ESP_LOGE(TAG, "no microphone on SCK %d, WS %d, SD %d: the line never changes", CONFIG_MOTE_I2S_SCK,
             CONFIG_MOTE_I2S_WS, CONFIG_MOTE_I2S_SD);
    return NULL;
  }
  ESP_LOGI(TAG, "INMP441, %d channels at %d Hz", (int)MOTE_CHANNELS, (int)MOTE_RATE_HZ);
  return &microphone;
}
