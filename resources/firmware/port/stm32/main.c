/* The application on the chip: the link, the sampler and the model take turns; the interrupts wait for nobody. */
#include <string.h>

#include "chip.h"
#include "flash.h"
#include "mote_firmware.h"
#include "sampler.h"
#include "sensor.h"
#include "uart.h"

#ifndef MOTE_BAUD
#define MOTE_BAUD 115200u
#endif

static mote_app *app;

static uint64_t now_us(void *context) {
  (void)context;
  return chip_now_us();
}

static const char *serial_number(void *context) {
  (void)context;
  return chip_serial_number();
}

static void send_bytes(void *context, const uint8_t *data, size_t length) {
  (void)context;
  uart_write(data, length);
}

static void sampling(void *context, bool on) {
  (void)context;
  sampler_run(on);
}

/* Whether there was anything to do. */
static bool turn(void) {
  bool busy = false;
  uint8_t bytes[128];
  size_t got;
  while ((got = uart_read(bytes, sizeof bytes)) > 0) {
    mote_app_receive(app, bytes, got);
    busy = true;
  }
  uint32_t count;
  uint64_t time_us;
  const int16_t *block = sampler_block(&count, &time_us);
  if (block != NULL) {
    mote_app_samples(app, block, count, time_us);
    sampler_done();
    busy = true;
  }
  sensor_attend();
  while (mote_app_step(app)) {
    busy = true;
  }
  return busy;
}

/* What describes the firmware names the sensor, or says that it has none. */
static void tell_sensor(const char *sensor) {
  static mote_app_config told;
  static char text[64];
  told = *app->config;
  strncpy(text, told.firmware, sizeof text - 1);
  strncat(text, ", ", sizeof text - 1 - strlen(text));
  strncat(text, sensor != NULL ? sensor : "no sensor", sizeof text - 1 - strlen(text));
  told.firmware = text;
  app->config = &told;
}

int main(void) {
  static mote_hardware hardware = {
      .serial_number = serial_number,
      .now_us = now_us,
      .send = send_bytes,
      .sampling = sampling,
      .ticks = chip_ticks,
  };
#ifdef MOTE_DEBUG
  hardware.stack_free = chip_stack_free;
#endif
  chip_init();
  uart_init(MOTE_BAUD);
  hardware.ticks_hz = chip_ticks_hz();
  const char *sensor = sensor_find();
  app = mote_firmware_begin(&hardware, flash_slots());
  if (app == NULL) {
    return 1;
  }
  tell_sensor(sensor);
  for (;;) {
    if (!turn()) {
      /* Asked again with interrupts off: one that came in between is still pending, and ends the sleep at once. */
      const uint32_t was = chip_lock();
      uint32_t count;
      uint64_t time_us;
      if (!uart_waiting() && sampler_block(&count, &time_us) == NULL) {
        chip_sleep();
      }
      chip_unlock(was);
    }
  }
}
