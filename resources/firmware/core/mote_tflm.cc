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

bool is_int8_of(const TfLiteTensor *tensor, size_t count) {
  return tensor != nullptr && tensor->type == kTfLiteInt8 && tensor->bytes == count;
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
  if (instance.AllocateTensors() != kTfLiteOk || !is_int8_of(instance.input(0), MOTE_FEATURE_COUNT) ||
      !is_int8_of(instance.output(0), MOTE_CLASS_COUNT)) {
    return false;
  }
  interpreter = &instance;
  return true;
}

extern "C" int8_t *mote_tflm_input(void) {
  return interpreter == nullptr ? nullptr : interpreter->input(0)->data.int8;
}

extern "C" const int8_t *mote_tflm_invoke(void) {
  if (interpreter == nullptr || interpreter->Invoke() != kTfLiteOk) {
    return nullptr;
  }
  return interpreter->output(0)->data.int8;
}

extern "C" size_t mote_tflm_arena_used(void) { return interpreter == nullptr ? 0 : interpreter->arena_used_bytes(); }
