/* ESP-IDF's kernel and the chip's peripherals for this computer, as far as port/esp32 uses them: tasks are threads, and
 * the clock goes on only when every task waits, to what happens next. So a run does not hang on how busy this computer is.
 *
 * Arguments: "mpu" or "lsm" puts a motion sensor on I2C, "mic" a microphone on I2S; "fail=A,N" has N reads of the sensor
 * fail from the A-th on; "slot=FILE" is what model_a holds. The link's UART is stdin and stdout, messages go to stderr.
 * The n-th sample has n, -n, 2n on the first three axes and 3n, 4n, 5n on the others; the microphone's has n << 16.
 */
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "driver/gptimer.h"
#include "driver/i2c_master.h"
#include "driver/i2s_std.h"
#include "driver/uart.h"
#include "esp_log.h"
#include "esp_mac.h"
#include "esp_partition.h"
#include "esp_task_wdt.h"
#include "esp_timer.h"
#include "freertos/FreeRTOS.h"
#include "freertos/queue.h"
#include "freertos/stream_buffer.h"
#include "freertos/task.h"

void app_main(void);

/* --- tasks and time ------------------------------------------------------------------------------------------- */

struct tskTaskControlBlock {
  TaskFunction_t code;
  void *context;
  uint32_t notified;
  bool waiting;
  uint64_t deadline_us;
};

enum { TASKS = 8 };
static struct tskTaskControlBlock tasks[TASKS];
static unsigned task_count;
static _Thread_local TaskHandle_t self;
static pthread_mutex_t kernel;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static uint64_t clock_us = 1000;

/* What comes of itself: a period of 0 is off. Times are in tenths of a microsecond. */
typedef struct {
  uint64_t next;
  uint64_t period;
  void (*happen)(void);
} event;
static event alarm_event, sound_event;

static void lock(void) { pthread_mutex_lock(&kernel); }
static void unlock(void) { pthread_mutex_unlock(&kernel); }

/* Something is other than it was: whoever waits looks again. */
static void wake_all(void) {
  for (unsigned i = 0; i < task_count; ++i) {
    tasks[i].waiting = false;
  }
  pthread_cond_broadcast(&changed);
}

static void happen_if_due(event *one) {
  if (one->period > 0 && one->next <= clock_us * 10) {
    one->next += one->period;
    one->happen();
  }
}

/* All tasks wait: on to what happens next. */
static void advance(void) {
  uint64_t next = UINT64_MAX;
  for (unsigned i = 0; i < task_count; ++i) {
    next = tasks[i].deadline_us < next ? tasks[i].deadline_us : next;
  }
  if (alarm_event.period == 0 && sound_event.period == 0) { /* nothing but the other side can be waited for */
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    if (next == UINT64_MAX) {
      pthread_cond_wait(&changed, &kernel);
      return;
    }
    if (pthread_cond_timedwait(&changed, &kernel, &until) == 0) {
      return;
    }
  }
  const event *const events[] = {&alarm_event, &sound_event};
  for (int i = 0; i < 2; ++i) {
    const uint64_t due_us = (events[i]->next + 9) / 10;
    next = events[i]->period > 0 && due_us < next ? due_us : next;
  }
  clock_us = next > clock_us ? next : clock_us;
  happen_if_due(&alarm_event);
  happen_if_due(&sound_event);
  wake_all();
}

/* Until `ready(what)` or the time is over; with the kernel locked. */
static bool await(bool (*ready)(const void *), const void *what, TickType_t ticks) {
  self->deadline_us = ticks == portMAX_DELAY ? UINT64_MAX : clock_us + ticks * 1000ull;
  bool good;
  while (!(good = ready(what)) && clock_us < self->deadline_us) {
    self->waiting = true;
    bool others = false;
    for (unsigned i = 0; i < task_count; ++i) {
      others = others || !tasks[i].waiting;
    }
    if (others) {
      pthread_cond_wait(&changed, &kernel);
    } else {
      advance();
    }
  }
  self->waiting = false;
  self->deadline_us = UINT64_MAX;
  return good;
}

static bool never(const void *what) {
  (void)what;
  return false;
}

static void *begin(void *context) {
  self = context;
  self->code(self->context);
  return NULL;
}

static TaskHandle_t new_task(TaskFunction_t code, void *context) {
  struct tskTaskControlBlock *task = &tasks[task_count++];
  *task = (struct tskTaskControlBlock){code, context, 0, false, UINT64_MAX};
  return task;
}

BaseType_t xTaskCreate(TaskFunction_t code, const char *name, uint32_t stack_depth, void *parameters,
                       UBaseType_t priority, TaskHandle_t *created) {
  (void)name;
  (void)stack_depth;
  (void)priority;
  lock();
  const TaskHandle_t task = new_task(code, parameters);
  if (created != NULL) {
    *created = task;
  }
  pthread_t thread;
  const bool good = pthread_create(&thread, NULL, begin, task) == 0;
  unlock();
  return good ? pdPASS : pdFALSE;
}

TaskHandle_t xTaskGetCurrentTaskHandle(void) { return self; }

UBaseType_t uxTaskGetStackHighWaterMark(TaskHandle_t task) {
  (void)task;
  return 4096;
}

void vTaskDelay(TickType_t ticks) {
  lock();
  await(never, NULL, ticks);
  unlock();
}

BaseType_t xTaskNotifyGive(TaskHandle_t task) {
  lock();
  ++task->notified;
  wake_all();
  unlock();
  return pdPASS;
}

static bool notified(const void *task) { return ((const struct tskTaskControlBlock *)task)->notified > 0; }

uint32_t ulTaskNotifyTake(BaseType_t clear_on_exit, TickType_t wait) {
  lock();
  await(notified, self, wait);
  const uint32_t was = self->notified;
  self->notified = clear_on_exit || was == 0 ? 0 : was - 1;
  unlock();
  return was;
}

/* --- queues; a stream buffer is one of bytes ------------------------------------------------------------------ */

struct QueueDefinition {
  size_t length, item, count;
  uint8_t *items;
};

QueueHandle_t xQueueCreate(UBaseType_t length, UBaseType_t item_size) {
  QueueHandle_t queue = calloc(1, sizeof *queue);
  *queue = (struct QueueDefinition){length, item_size, 0, calloc(length, item_size)};
  return queue;
}

static bool has_room(const void *what) {
  const struct QueueDefinition *queue = what;
  return queue->count < queue->length;
}

static bool has_items(const void *what) { return ((const struct QueueDefinition *)what)->count > 0; }

static void put(QueueHandle_t queue, const void *item) {
  memcpy(queue->items + queue->count++ * queue->item, item, queue->item);
  wake_all();
}

static void take(QueueHandle_t queue, void *item) {
  memcpy(item, queue->items, queue->item);
  memmove(queue->items, queue->items + queue->item, --queue->count * queue->item);
  wake_all();
}

BaseType_t xQueueSend(QueueHandle_t queue, const void *item, TickType_t wait) {
  lock();
  const bool good = await(has_room, queue, wait);
  if (good) {
    put(queue, item);
  }
  unlock();
  return good;
}

BaseType_t xQueueSendFromISR(QueueHandle_t queue, const void *item, BaseType_t *woken) {
  lock();
  const bool good = has_room(queue);
  if (good) {
    put(queue, item);
    *woken = pdTRUE;
  }
  unlock();
  return good;
}

BaseType_t xQueueReceive(QueueHandle_t queue, void *item, TickType_t wait) {
  lock();
  const bool good = await(has_items, queue, wait);
  if (good) {
    take(queue, item);
  }
  unlock();
  return good;
}

BaseType_t xQueueReceiveFromISR(QueueHandle_t queue, void *item, BaseType_t *woken) {
  lock();
  const bool good = has_items(queue);
  if (good) {
    take(queue, item);
    *woken = pdTRUE;
  }
  unlock();
  return good;
}

BaseType_t xQueueReset(QueueHandle_t queue) {
  lock();
  queue->count = 0;
  wake_all();
  unlock();
  return pdPASS;
}

struct StreamBufferDef_t {
  struct QueueDefinition bytes;
};

StreamBufferHandle_t xStreamBufferCreate(size_t bytes, size_t trigger_bytes) {
  (void)trigger_bytes;
  return (StreamBufferHandle_t)xQueueCreate((UBaseType_t)bytes, 1);
}

size_t xStreamBufferSend(StreamBufferHandle_t buffer, const void *data, size_t length, TickType_t wait) {
  for (size_t i = 0; i < length; ++i) {
    if (!xQueueSend(&buffer->bytes, (const uint8_t *)data + i, wait)) {
      return i;
    }
  }
  return length;
}

size_t xStreamBufferReceive(StreamBufferHandle_t buffer, void *data, size_t length, TickType_t wait) {
  size_t got = 0;
  while (got < length && xQueueReceive(&buffer->bytes, (uint8_t *)data + got, got == 0 ? wait : 0)) {
    ++got;
  }
  return got;
}

/* --- the chip ------------------------------------------------------------------------------------------------- */

static bool has_mpu, has_lsm, has_microphone;
static uint32_t fail_from, fail_count;
static QueueHandle_t typed; /* what came on stdin */

int64_t esp_timer_get_time(void) {
  lock();
  const int64_t now = (int64_t)clock_us;
  unlock();
  return now;
}

const char *esp_err_to_name(esp_err_t code) { return code == ESP_OK ? "ESP_OK" : "an error"; }

void esp_log_line(char level, const char *tag, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fprintf(stderr, "%c %s: ", level, tag);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
}

esp_err_t esp_efuse_mac_get_default(uint8_t *mac) {
  memcpy(mac, "\xA1\xB2\xC3\xD4\xE5\xF6", 6);
  return ESP_OK;
}

esp_err_t esp_task_wdt_add(TaskHandle_t task) {
  (void)task;
  return ESP_OK;
}

esp_err_t esp_task_wdt_reset(void) { return ESP_OK; }

esp_err_t uart_driver_install(uart_port_t uart_num, int rx_buffer_size, int tx_buffer_size, int queue_size,
                              QueueHandle_t *uart_queue, int intr_alloc_flags) {
  (void)uart_num;
  (void)rx_buffer_size;
  (void)tx_buffer_size;
  (void)queue_size;
  (void)uart_queue;
  (void)intr_alloc_flags;
  return ESP_OK;
}

esp_err_t uart_param_config(uart_port_t uart_num, const uart_config_t *uart_config) {
  (void)uart_num;
  return uart_config->baud_rate > 0 ? ESP_OK : ESP_FAIL;
}

esp_err_t uart_set_pin(uart_port_t uart_num, int tx_io_num, int rx_io_num, int rts_io_num, int cts_io_num) {
  (void)uart_num;
  (void)tx_io_num;
  (void)rx_io_num;
  (void)rts_io_num;
  (void)cts_io_num;
  return ESP_OK;
}

int uart_write_bytes(uart_port_t uart_num, const void *src, size_t size) {
  (void)uart_num;
  for (size_t done = 0; done < size;) {
    const ssize_t now = write(STDOUT_FILENO, (const uint8_t *)src + done, size - done);
    if (now <= 0) {
      _exit(0);
    }
    done += (size_t)now;
  }
  return (int)size;
}

int uart_read_bytes(uart_port_t uart_num, void *buf, uint32_t length, TickType_t ticks_to_wait) {
  (void)uart_num;
  uint32_t got = 0;
  while (got < length && xQueueReceive(typed, (uint8_t *)buf + got, ticks_to_wait)) {
    ++got;
  }
  return (int)got;
}

static void *read_stdin(void *context) {
  (void)context;
  uint8_t bytes[256];
  ssize_t got;
  while ((got = read(STDIN_FILENO, bytes, sizeof bytes)) > 0) {
    for (ssize_t i = 0; i < got;) {
      lock();
      const bool room = has_room(typed);
      if (room) {
        put(typed, &bytes[i++]);
      }
      unlock();
      if (!room) {
        usleep(200);
      }
    }
  }
  _exit(0);
}

/* Flash: erased bytes are 0xFF, and programming only clears bits. */
enum { SLOT_BYTES = 0x100000 };
static const esp_partition_t partitions[2] = {
    {ESP_PARTITION_TYPE_DATA, (esp_partition_subtype_t)0x40, 0, SLOT_BYTES, "model_a"},
    {ESP_PARTITION_TYPE_DATA, (esp_partition_subtype_t)0x41, 0, SLOT_BYTES, "model_b"}};
static uint8_t flash[2][SLOT_BYTES] __attribute__((aligned(65536)));

const esp_partition_t *esp_partition_find_first(esp_partition_type_t type, esp_partition_subtype_t subtype,
                                                const char *label) {
  for (int i = 0; i < 2; ++i) {
    if (partitions[i].type == type && partitions[i].subtype == subtype && strcmp(partitions[i].label, label) == 0) {
      return &partitions[i];
    }
  }
  return NULL;
}

esp_err_t esp_partition_write(const esp_partition_t *partition, size_t dst_offset, const void *src, size_t size) {
  uint8_t *at = flash[partition - partitions] + dst_offset;
  for (size_t i = 0; i < size; ++i) {
    at[i] &= ((const uint8_t *)src)[i];
  }
  return memcmp(at, src, size) == 0 ? ESP_OK : ESP_FAIL;
}

esp_err_t esp_partition_erase_range(const esp_partition_t *partition, size_t offset, size_t size) {
  if (offset % 4096 != 0 || size % 4096 != 0 || offset + size > SLOT_BYTES) {
    return ESP_FAIL;
  }
  memset(flash[partition - partitions] + offset, 0xFF, size);
  return ESP_OK;
}

esp_err_t esp_partition_mmap(const esp_partition_t *partition, size_t offset, size_t size,
                             esp_partition_mmap_memory_t memory, const void **out_ptr,
                             esp_partition_mmap_handle_t *out_handle) {
  (void)size;
  (void)memory;
  *out_ptr = flash[partition - partitions] + offset;
  *out_handle = 1;
  return ESP_OK;
}

/* --- timer ---------------------------------------------------------------------------------------------------- */

static gptimer_alarm_cb_t on_alarm;
static uint64_t alarm_period;

static void alarm_happens(void) { on_alarm(NULL, NULL, NULL); }

esp_err_t gptimer_new_timer(const gptimer_config_t *config, gptimer_handle_t *ret_timer) {
  *ret_timer = (gptimer_handle_t)&alarm_event;
  return config->resolution_hz == 10000000 ? ESP_OK : ESP_FAIL;
}

esp_err_t gptimer_set_raw_count(gptimer_handle_t timer, uint64_t value) {
  (void)timer;
  return value == 0 ? ESP_OK : ESP_FAIL;
}

esp_err_t gptimer_register_event_callbacks(gptimer_handle_t timer, const gptimer_event_callbacks_t *cbs,
                                           void *user_data) {
  (void)timer;
  (void)user_data;
  on_alarm = cbs->on_alarm;
  return ESP_OK;
}

esp_err_t gptimer_set_alarm_action(gptimer_handle_t timer, const gptimer_alarm_config_t *config) {
  (void)timer;
  alarm_period = config->alarm_count;
  return config->flags.auto_reload_on_alarm ? ESP_OK : ESP_FAIL;
}

esp_err_t gptimer_enable(gptimer_handle_t timer) {
  (void)timer;
  return ESP_OK;
}

esp_err_t gptimer_start(gptimer_handle_t timer) {
  (void)timer;
  lock();
  alarm_event = (event){clock_us * 10 + alarm_period, alarm_period, alarm_happens};
  unlock();
  return ESP_OK;
}

esp_err_t gptimer_stop(gptimer_handle_t timer) {
  (void)timer;
  lock();
  alarm_event.period = 0;
  unlock();
  return ESP_OK;
}

/* --- I2C ------------------------------------------------------------------------------------------------------ */

static uint8_t registers[128];
static uint16_t address;
static uint32_t samples; /* that were asked for since the sensor was set up */

esp_err_t i2c_new_master_bus(const i2c_master_bus_config_t *bus_config, i2c_master_bus_handle_t *ret_bus_handle) {
  *ret_bus_handle = (i2c_master_bus_handle_t)registers;
  return bus_config->sda_io_num >= 0 && bus_config->scl_io_num >= 0 ? ESP_OK : ESP_FAIL;
}

esp_err_t i2c_master_probe(i2c_master_bus_handle_t bus_handle, uint16_t which, int xfer_timeout_ms) {
  (void)bus_handle;
  (void)xfer_timeout_ms;
  return (has_mpu && which == 0x69) || (has_lsm && which == 0x6A) ? ESP_OK : ESP_ERR_NOT_FOUND;
}

esp_err_t i2c_master_bus_add_device(i2c_master_bus_handle_t bus_handle, const i2c_device_config_t *dev_config,
                                    i2c_master_dev_handle_t *ret_handle) {
  address = dev_config->device_address;
  *ret_handle = (i2c_master_dev_handle_t)bus_handle;
  return ESP_OK;
}

esp_err_t i2c_master_bus_rm_device(i2c_master_dev_handle_t handle) {
  (void)handle;
  address = 0;
  return ESP_OK;
}

esp_err_t i2c_master_transmit(i2c_master_dev_handle_t i2c_dev, const uint8_t *write_buffer, size_t write_size,
                              int xfer_timeout_ms) {
  (void)i2c_dev;
  (void)xfer_timeout_ms;
  registers[write_buffer[0]] = write_buffer[1];
  esp_log_line('I', "i2c", "%02x=%02x", write_buffer[0], write_buffer[1]);
  return write_size == 2 ? ESP_OK : ESP_FAIL;
}

static void sample_bytes(uint8_t *data, uint32_t n) {
  static const int factors[] = {1, -1, 2, 3, 4, 5};
  for (int i = 0; i < 6; ++i) {
    const uint16_t value = (uint16_t)((int)n * factors[i]);
    const int at = has_mpu ? (i < 3 ? 2 * i : 2 * i + 2) : (i < 3 ? 2 * i + 6 : 2 * i - 6);
    data[at + (has_mpu ? 0 : 1)] = (uint8_t)(value >> 8);
    data[at + (has_mpu ? 1 : 0)] = (uint8_t)value;
  }
}

esp_err_t i2c_master_transmit_receive(i2c_master_dev_handle_t i2c_dev, const uint8_t *write_buffer, size_t write_size,
                                      uint8_t *read_buffer, size_t read_size, int xfer_timeout_ms) {
  (void)i2c_dev;
  (void)write_size;
  (void)xfer_timeout_ms;
  if (read_size == 1) {
    read_buffer[0] = write_buffer[0] == (has_mpu ? 0x75 : 0x0F) ? (has_mpu ? 0x68 : 0x6A) : 0;
    return ESP_OK;
  }
  if (write_buffer[0] != (has_mpu ? 0x3B : 0x22) || read_size != (has_mpu ? 14u : 12u)) {
    return ESP_FAIL;
  }
  const uint32_t n = samples++;
  if (n >= fail_from && n < fail_from + fail_count) {
    return ESP_ERR_TIMEOUT;
  }
  memset(read_buffer, 0, read_size);
  sample_bytes(read_buffer, n);
  return ESP_OK;
}

/* --- I2S ------------------------------------------------------------------------------------------------------ */

enum { MOST_FRAMES = 1024 };
static i2s_event_callbacks_t callbacks;
static uint32_t frames, slots_per_frame, buffers, rate_hz, heard;
static QueueHandle_t filled;

static void buffer_fills(void) {
  int32_t buffer[MOST_FRAMES * 2] = {0};
  for (uint32_t i = 0; i < frames * slots_per_frame; ++i) {
    buffer[i] = has_microphone ? (int32_t)((uint32_t)(heard + i / slots_per_frame) << 16) : 0;
  }
  heard += frames;
  i2s_event_data_t data = {buffer, frames * slots_per_frame * sizeof(int32_t)};
  callbacks.on_recv(NULL, &data, NULL);
  if (!has_room(filled)) {
    int32_t oldest[MOST_FRAMES * 2];
    take(filled, oldest);
    callbacks.on_recv_q_ovf(NULL, &data, NULL);
  }
  put(filled, buffer);
}

esp_err_t i2s_new_channel(const i2s_chan_config_t *chan_cfg, i2s_chan_handle_t *ret_tx_handle,
                          i2s_chan_handle_t *ret_rx_handle) {
  frames = chan_cfg->dma_frame_num;
  buffers = chan_cfg->dma_desc_num;
  *ret_rx_handle = (i2s_chan_handle_t)&callbacks;
  return ret_tx_handle == NULL && frames <= MOST_FRAMES ? ESP_OK : ESP_FAIL;
}

esp_err_t i2s_del_channel(i2s_chan_handle_t handle) {
  (void)handle;
  return ESP_OK;
}

esp_err_t i2s_channel_init_std_mode(i2s_chan_handle_t handle, const i2s_std_config_t *std_cfg) {
  (void)handle;
  slots_per_frame = std_cfg->slot_cfg.slot_mode == I2S_SLOT_MODE_STEREO ? 2 : 1;
  rate_hz = std_cfg->clk_cfg.sample_rate_hz;
  filled = xQueueCreate(buffers - 1, sizeof(int32_t) * MOST_FRAMES * 2);
  return std_cfg->slot_cfg.data_bit_width == I2S_DATA_BIT_WIDTH_32BIT ? ESP_OK : ESP_FAIL;
}

esp_err_t i2s_channel_register_event_callback(i2s_chan_handle_t handle, const i2s_event_callbacks_t *cbs,
                                              void *user_data) {
  (void)handle;
  (void)user_data;
  callbacks = *cbs;
  return ESP_OK;
}

esp_err_t i2s_channel_enable(i2s_chan_handle_t handle) {
  (void)handle;
  lock();
  filled->count = 0;
  const uint64_t period = frames * 10000000ull / rate_hz;
  sound_event = (event){clock_us * 10 + period, period, buffer_fills};
  unlock();
  return ESP_OK;
}

esp_err_t i2s_channel_disable(i2s_chan_handle_t handle) {
  (void)handle;
  lock();
  sound_event.period = 0;
  unlock();
  return ESP_OK;
}

esp_err_t i2s_channel_read(i2s_chan_handle_t handle, void *dest, size_t size, size_t *bytes_read, uint32_t timeout_ms) {
  (void)handle;
  int32_t buffer[MOST_FRAMES * 2];
  if (!xQueueReceive(filled, buffer, pdMS_TO_TICKS(timeout_ms))) {
    return ESP_ERR_TIMEOUT;
  }
  *bytes_read = frames * slots_per_frame * sizeof(int32_t);
  memcpy(dest, buffer, size);
  return size == *bytes_read ? ESP_OK : ESP_FAIL;
}

/* -------------------------------------------------------------------------------------------------------------- */

static void main_task(void *context) {
  (void)context;
  app_main();
}

int main(int count, char **arguments) {
  memset(flash, 0xFF, sizeof flash);
  for (int i = 1; i < count; ++i) {
    has_mpu = has_mpu || strcmp(arguments[i], "mpu") == 0;
    has_lsm = has_lsm || strcmp(arguments[i], "lsm") == 0;
    has_microphone = has_microphone || strcmp(arguments[i], "mic") == 0;
    sscanf(arguments[i], "fail=%u,%u", &fail_from, &fail_count);
    if (strncmp(arguments[i], "slot=", 5) == 0) {
      FILE *file = fopen(arguments[i] + 5, "rb");
      if (file == NULL || fread(flash[0], 1, SLOT_BYTES, file) == 0) {
        return 2;
      }
      fclose(file);
    }
  }
  pthread_mutexattr_t recursive;
  pthread_mutexattr_init(&recursive);
  pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
  pthread_mutex_init(&kernel, &recursive);
  typed = xQueueCreate(4096, 1);
  pthread_t reader;
  pthread_create(&reader, NULL, read_stdin, NULL);
  begin(new_task(main_task, NULL)); /* returns only where the firmware could not begin */
  return 1;
}
