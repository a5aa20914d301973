/* MPU-6050, LSM6DS3 and LSM6DSL on I2C. A hardware timer stamps the moment of each sample; the task then fetches it. */
#include "driver/gptimer.h"
#include "driver/i2c_master.h"
#include "esp_log.h"
#include "esp_timer.h"
#include "freertos/FreeRTOS.h"
#include "freertos/queue.h"
#include "freertos/task.h"
#include "motion.h"
#include "mote_config.h"
#include "sdkconfig.h"
#include "sensor.h"

enum { BUS_HZ = 400000, MOST_HZ = 1000, WAIT_MS = 10, TIMER_HZ = 10000000, STAMPS = 16, RETRY_AFTER = 10 };

static const char *const TAG = "imu";

static i2c_master_bus_handle_t bus;
static i2c_master_dev_handle_t device;
static gptimer_handle_t timer;
static bool timer_ready;
static QueueHandle_t stamps;
static const motion_sensor *found;
static motion_plan plan;
static uint32_t failed; /* reads in a row */

static bool set(uint8_t reg, uint8_t value) {
  const uint8_t bytes[2] = {reg, value};
  return i2c_master_transmit(device, bytes, sizeof bytes, WAIT_MS) == ESP_OK;
}

static bool get(uint8_t reg, uint8_t *data, size_t length) {
  return i2c_master_transmit_receive(device, &reg, 1, data, length, WAIT_MS) == ESP_OK;
}

/* --- the bus -------------------------------------------------------------------------------------------------- */

static bool open_bus(void) {
  if (bus != NULL) {
    return true;
  }
  const i2c_master_bus_config_t config = {
      .i2c_port = -1,
      .sda_io_num = CONFIG_MOTE_I2C_SDA,
      .scl_io_num = CONFIG_MOTE_I2C_SCL,
      .clk_source = I2C_CLK_SRC_DEFAULT,
      .glitch_ignore_cnt = 7,
      .flags.enable_internal_pullup = 1,
  };
  const esp_err_t error = i2c_new_master_bus(&config, &bus);
  if (error != ESP_OK) {
    ESP_LOGE(TAG, "I2C on SDA %d, SCL %d: %s", CONFIG_MOTE_I2C_SDA, CONFIG_MOTE_I2C_SCL, esp_err_to_name(error));
  }
  return error == ESP_OK;
}

static bool answers(const motion_sensor *one, uint8_t address) {
  if (i2c_master_probe(bus, address, WAIT_MS) != ESP_OK) {
    return false;
  }
  const i2c_device_config_t config = {
      .dev_addr_length = I2C_ADDR_BIT_LEN_7, .device_address = address, .scl_speed_hz = BUS_HZ};
  if (i2c_master_bus_add_device(bus, &config, &device) != ESP_OK) {
    return false;
  }
  uint8_t is = 0;
  if (get(one->who_am_i, &is, 1) && is == one->is) {
    return true;
  }
  i2c_master_bus_rm_device(device);
  device = NULL;
  return false;
}

static bool on_alarm(gptimer_handle_t which, const gptimer_alarm_event_data_t *event, void *context) {
  (void)which;
  (void)event;
  (void)context;
  const uint64_t now = (uint64_t)esp_timer_get_time();
  BaseType_t woken = pdFALSE;
  xQueueSendFromISR(stamps, &now, &woken); /* full: the task is late, and the gap shows in the clock */
  return woken == pdTRUE;
}

static bool open_timer(void) {
  if (timer_ready) {
    return true;
  }
  stamps = xQueueCreate(STAMPS, sizeof(uint64_t));
  const gptimer_config_t config = {
      .clk_src = GPTIMER_CLK_SRC_DEFAULT, .direction = GPTIMER_COUNT_UP, .resolution_hz = TIMER_HZ};
  const gptimer_event_callbacks_t callbacks = {.on_alarm = on_alarm};
  const gptimer_alarm_config_t alarm = {.alarm_count = (uint64_t)((float)TIMER_HZ / MOTE_RATE_HZ + 0.5f),
                                        .reload_count = 0,
                                        .flags.auto_reload_on_alarm = 1};
  timer_ready = stamps != NULL && gptimer_new_timer(&config, &timer) == ESP_OK &&
                gptimer_register_event_callbacks(timer, &callbacks, NULL) == ESP_OK &&
                gptimer_set_alarm_action(timer, &alarm) == ESP_OK && gptimer_enable(timer) == ESP_OK;
  if (!timer_ready) {
    ESP_LOGE(TAG, "there is no timer or memory left");
  }
  return timer_ready;
}

/* --- the sensor ----------------------------------------------------------------------------------------------- */

static bool imu_start(void) {
  if (!found->configure(found, &plan, MOTE_RATE_HZ, set)) {
    ESP_LOGE(TAG, "the %s does not take its settings", found->name);
    return false;
  }
  failed = 0;
  vTaskDelay(pdMS_TO_TICKS(100)); /* it needs up to 80 ms to give true values */
  xQueueReset(stamps);
  return gptimer_set_raw_count(timer, 0) == ESP_OK && gptimer_start(timer) == ESP_OK;
}

static void imu_stop(void) { gptimer_stop(timer); }

static uint32_t imu_read(int16_t *frames, uint32_t most, uint64_t *time_us) {
  (void)most;
  const uint32_t wait_ms = 100 + (uint32_t)(1000.0f / MOTE_RATE_HZ);
  if (xQueueReceive(stamps, time_us, pdMS_TO_TICKS(wait_ms)) != pdTRUE) {
    return 0;
  }
  while (xQueueReceive(stamps, time_us, 0) == pdTRUE) { /* late: only the newest can still be told */
  }
  uint8_t bytes[14];
  if (!get(found->first, bytes, found->bytes)) {
    if (++failed == RETRY_AFTER) {
      ESP_LOGE(TAG, "the %s does not answer any more", found->name);
    }
    if (failed % RETRY_AFTER == 0 &&
        found->configure(found, &plan, MOTE_RATE_HZ, set)) { /* it may have lost power in between */
      ESP_LOGI(TAG, "the %s is back", found->name);
    }
    return 0;
  }
  failed = 0;
  int16_t raw[MOTION_AXES];
  found->counts(bytes, raw);
  motion_convert(&plan, raw, frames);
  return 1;
}

static void tell(const char *what, const char *unit, const motion_range *range) {
  ESP_LOGI(TAG, "%s: +-%d %s, counts %s", what, (int)range->full_scale, unit,
           plan.exact ? "as they are" : "converted to the project's");
}

const sensor *imu_find(void) {
  static sensor imu = {NULL, imu_start, imu_stop, imu_read};
  if (MOTE_RATE_HZ > (float)MOST_HZ) {
    ESP_LOGE(TAG, "I2C carries %d samples a second; this project wants %d", MOST_HZ, (int)MOTE_RATE_HZ);
    return NULL;
  }
  if (!open_bus() || !open_timer()) {
    return NULL;
  }
  for (size_t i = 0; i < MOTION_SENSORS; ++i) {
    for (int a = 0; a < 2; ++a) {
      if (!answers(&motion_sensors[i], motion_sensors[i].addresses[a])) {
        continue;
      }
      if (!motion_choose(&plan, motion_sensors[i].ranges, mote_config.channels, mote_config.channel_count)) {
        ESP_LOGE(TAG, "the %s cannot give every channel of this project", motion_sensors[i].name);
        return NULL;
      }
      found = &motion_sensors[i];
      imu.name = found->name;
      ESP_LOGI(TAG, "%s at 0x%02x", found->name, motion_sensors[i].addresses[a]);
      tell("acceleration", "g", plan.acceleration);
      tell("rotation", "deg/s", plan.rotation);
      return &imu;
    }
  }
  ESP_LOGE(TAG, "no MPU-6050, LSM6DS3 or LSM6DSL answers on SDA %d, SCL %d", CONFIG_MOTE_I2C_SDA, CONFIG_MOTE_I2C_SCL);
  return NULL;
}
