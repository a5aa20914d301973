#include "link.h"

#include "freertos/stream_buffer.h"
#include "sdkconfig.h"

enum { IN_BYTES = 2048, OUT_BYTES = 4096, STACK_BYTES = 3072, PRIORITY = 9 };

static StreamBufferHandle_t arrived;
static TaskHandle_t reader;

#if CONFIG_MOTE_LINK_UART

#include "driver/uart.h"

#if defined(CONFIG_ESP_CONSOLE_UART) && CONFIG_ESP_CONSOLE_UART_NUM == CONFIG_MOTE_UART_PORT
#error "The link's UART is also the console: choose another in menuconfig (Channel for console output)."
#endif

static bool open_port(void) {
  const uart_config_t config = {
      .baud_rate = CONFIG_MOTE_UART_BAUD,
      .data_bits = UART_DATA_8_BITS,
      .parity = UART_PARITY_DISABLE,
      .stop_bits = UART_STOP_BITS_1,
      .flow_ctrl = UART_HW_FLOWCTRL_DISABLE,
      .source_clk = UART_SCLK_DEFAULT,
  };
  return uart_driver_install(CONFIG_MOTE_UART_PORT, IN_BYTES, OUT_BYTES, 0, NULL, 0) == ESP_OK &&
         uart_param_config(CONFIG_MOTE_UART_PORT, &config) == ESP_OK &&
         uart_set_pin(CONFIG_MOTE_UART_PORT, CONFIG_MOTE_UART_TX, CONFIG_MOTE_UART_RX, UART_PIN_NO_CHANGE,
                      UART_PIN_NO_CHANGE) == ESP_OK;
}

/* The first byte is waited for, what came with it is taken along. */
static size_t receive(uint8_t *data, size_t capacity) {
  if (uart_read_bytes(CONFIG_MOTE_UART_PORT, data, 1, portMAX_DELAY) != 1) {
    return 0;
  }
  const int more = uart_read_bytes(CONFIG_MOTE_UART_PORT, data + 1, (uint32_t)(capacity - 1), 0);
  return more > 0 ? 1 + (size_t)more : 1;
}

void link_write(const uint8_t *data, size_t length) { uart_write_bytes(CONFIG_MOTE_UART_PORT, data, length); }

#else

#include "driver/usb_serial_jtag.h"

enum { PIECE = 512, WAIT_MS = 100 };

static bool open_port(void) {
  usb_serial_jtag_driver_config_t config = {.tx_buffer_size = OUT_BYTES, .rx_buffer_size = IN_BYTES};
  return usb_serial_jtag_driver_install(&config) == ESP_OK;
}

static size_t receive(uint8_t *data, size_t capacity) {
  const int got = usb_serial_jtag_read_bytes(data, (uint32_t)capacity, portMAX_DELAY);
  return got > 0 ? (size_t)got : 0;
}

void link_write(const uint8_t *data, size_t length) {
  while (length > 0 && usb_serial_jtag_is_connected()) {
    const size_t piece = length < PIECE ? length : PIECE;
    if (usb_serial_jtag_write_bytes(data, piece, pdMS_TO_TICKS(WAIT_MS)) <= 0) {
      return;
    }
    data += piece;
    length -= piece;
  }
}

#endif

static void run(void *context) {
  (void)context;
  static uint8_t bytes[256];
  for (;;) {
    const size_t got = receive(bytes, sizeof bytes);
    if (got > 0) {
      xStreamBufferSend(arrived, bytes, got, portMAX_DELAY);
      xTaskNotifyGive(reader);
    }
  }
}

bool link_init(TaskHandle_t to_notify) {
  reader = to_notify;
  arrived = xStreamBufferCreate(IN_BYTES, 1);
  return arrived != NULL && open_port() && xTaskCreate(run, "link", STACK_BYTES, NULL, PRIORITY, NULL) == pdPASS;
}

size_t link_read(uint8_t *data, size_t capacity) { return xStreamBufferReceive(arrived, data, capacity, 0); }
