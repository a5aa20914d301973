// The model on TensorFlow Lite Micro, with a resolver of exactly the operators that it uses (model/model_ops.h).

#include "mote_tflm.h"

#include <new>

#include "mote_project.h"
#include "model_ops.h"
#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"
#include "tensorflow/lite/schema/schema_generated.h"

namespace {

#ifdef MOTE_DEBUG
constexpr size_t kCanary = 64;
#else
constexpr size_t kCanary = 0;
#endif
constexpr uint8_t kCanaryByte = 0xA5;

// The arena between its canaries.
alignas(16) uint8_t memory[kCanary + MOTE_ARENA_BYTES + kCanary];
uint8_t *const arena = memory + kCanary;

alignas(tflite::MicroInterpreter) uint8_t place[sizeof(tflite::MicroInterpreter)];
tflite::MicroInterpreter *interpreter = nullptr;

#if MOTE_INPUT_BITS == 16
constexpr TfLiteType kType = kTfLiteInt16;
#else
constexpr TfLiteType kType = kTfLiteInt8;
#endif

bool is_of(const TfLiteTensor *tensor, size_t count) {
  return tensor != nullptr && tensor->type == kType && tensor->bytes == count * (MOTE_INPUT_BITS / 8);
}

const tflite::MicroOpResolver *resolver() {
  static tflite::MicroMutableOpResolver<MOTE_MODEL_OPS> instance;
  static const bool good = mote_add_ops(instance) == kTfLiteOk;
  return good ? &instance : nullptr;
}

}  // namespace

extern "C" bool mote_tflm_use(const uint8_t *data) {
  if (interpreter != nullptr) {
    interpreter->~MicroInterpreter();
    interpreter = nullptr;
  }
  for (size_t i = 0; i < kCanary; ++i) {
    memory[i] = memory[kCanary + MOTE_ARENA_BYTES + i] = kCanaryByte;
  }
  const tflite::Model *model = tflite::GetModel(data);
  if (model->version() != TFLITE_SCHEMA_VERSION || resolver() == nullptr) {
    return false;
  }
  auto *made = new (place) tflite::MicroInterpreter(model, *resolver(), arena, MOTE_ARENA_BYTES);
  if (made->AllocateTensors() != kTfLiteOk || !is_of(made->input(0), MOTE_FEATURE_COUNT) ||
      !is_of(made->output(0), MOTE_CLASS_COUNT)) {
    made->~MicroInterpreter();
    return false;
  }
  interpreter = made;
  return true;
}

extern "C" void *mote_tflm_input(void) { return interpreter == nullptr ? nullptr : interpreter->input(0)->data.raw; }

extern "C" float mote_tflm_input_scale(void) {
  return interpreter == nullptr ? 1.0f : interpreter->input(0)->params.scale;
}

extern "C" int32_t mote_tflm_input_zero_point(void) {
  return interpreter == nullptr ? 0 : interpreter->input(0)->params.zero_point;
}

extern "C" bool mote_tflm_invoke(int8_t *scores) {
  if (interpreter == nullptr || interpreter->Invoke() != kTfLiteOk || !mote_tflm_arena_intact()) {
    return false;
  }
  const TfLiteTensor *output = interpreter->output(0);
  for (size_t i = 0; i < MOTE_CLASS_COUNT; ++i) {
#if MOTE_INPUT_BITS == 16
    const int32_t reduced = (output->data.i16[i] + 128) >> 8;
    scores[i] = static_cast<int8_t>(reduced > 127 ? 127 : reduced);
#else
    scores[i] = output->data.int8[i];
#endif
  }
  return true;
}

extern "C" size_t mote_tflm_arena_used(void) { return interpreter == nullptr ? 0 : interpreter->arena_used_bytes(); }

extern "C" bool mote_tflm_arena_intact(void) {
  for (size_t i = 0; i < kCanary; ++i) {
    if (memory[i] != kCanaryByte || memory[kCanary + MOTE_ARENA_BYTES + i] != kCanaryByte) {
      return false;
    }
  }
  return true;
}
