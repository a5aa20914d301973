// The peer of `mote bench firmware`: TensorFlow Lite Micro alone on the chip, a loop around Invoke(), nothing else. It
// prints how many ticks the loop took, again and again.
#include <cstring>

#include "bare_input.h"
#include "model_ops.h"
#include "mote_project.h"
#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"
#include "tensorflow/lite/schema/schema_generated.h"

extern "C" {
#include "chip.h"
#include "model_slot.h"
#include "uart.h"
}

namespace {

alignas(16) uint8_t arena[MOTE_ARENA_BYTES];

void print(uint32_t number) {
  char text[12];
  unsigned at = sizeof text;
  text[--at] = '\n';
  do {
    text[--at] = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number > 0);
  uart_write(reinterpret_cast<const uint8_t *>(text) + at, sizeof text - at);
}

}  // namespace

int main() {
  chip_init();
  uart_init(115200);
  static tflite::MicroMutableOpResolver<MOTE_MODEL_OPS> resolver;
  if (mote_add_ops(resolver) != kTfLiteOk) {
    return 1;
  }
  static tflite::MicroInterpreter interpreter(tflite::GetModel(mote_model_slot + 256), resolver, arena, sizeof arena);
  if (interpreter.AllocateTensors() != kTfLiteOk) {
    return 1;
  }
  for (;;) {
    uint32_t ticks = 0;
    for (int i = 0; i < BARE_ROUNDS; ++i) {
      std::memcpy(interpreter.input(0)->data.raw, bare_input, sizeof bare_input);
      const uint32_t begun = chip_ticks();
      if (interpreter.Invoke() != kTfLiteOk) {
        return 1;
      }
      ticks += chip_ticks() - begun;
    }
    print(ticks);
    uart_pump();
  }
}
