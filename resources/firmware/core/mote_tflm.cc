// The model on TensorFlow Lite Micro, with a resolver of exactly the operators that it uses (model/model_ops.h).

#include "mote_tflm.h"

#include "mote_project.h"
#include "model_data.h"
#include "model_ops.h"
#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"
#include "tensorflow/lite/schema/schema_generated.h"

namespace {

alignas(16) uint8_t arena[MOTE_ARENA_BYTES];
tflite::MicroInterpreter *interpreter = nullptr;

#if MOTE_INPUT_BITS == 16
constexpr TfLiteType kType = kTfLiteInt16;
#else
constexpr TfLiteType kType = kTfLiteInt8;
#endif

bool is_of(const TfLiteTensor *tensor, size_t count) {
  return tensor != nullptr && tensor->type == kType && tensor->bytes == count * (MOTE_INPUT_BITS / 8);
}

}  // namespace

extern "C" bool mote_tflm_init(void) {
  if (interpreter != nullptr) {
    return true;
  }
  const tflite::Model *model = tflite::GetModel(mote_model_data);
  if (model->version() != TFLITE_SCHEMA_VERSION) {
    return false;
  }
  static tflite::MicroMutableOpResolver<MOTE_MODEL_OPS> resolver;
  if (mote_add_ops(resolver) != kTfLiteOk) {
    return false;
  }
  static tflite::MicroInterpreter instance(model, resolver, arena, sizeof arena);
  if (instance.AllocateTensors() != kTfLiteOk || !is_of(instance.input(0), MOTE_FEATURE_COUNT) ||
      !is_of(instance.output(0), MOTE_CLASS_COUNT)) {
    return false;
  }
  interpreter = &instance;
  return true;
}

extern "C" void *mote_tflm_input(void) { return interpreter == nullptr ? nullptr : interpreter->input(0)->data.raw; }

extern "C" bool mote_tflm_invoke(int8_t *scores) {
  if (interpreter == nullptr || interpreter->Invoke() != kTfLiteOk) {
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
