"""The generated operator list as C++: it stands alone and registers exactly the model's operators."""

import shutil
import subprocess
from pathlib import Path

import pytest

from motestudio.firmware.ops import resolver_calls
from motestudio.firmware.request import fill
from motestudio.shipped import resources_dir

# What model_ops.h takes from TensorFlow Lite Micro's own header, and nothing more.
COMMON_H = """
enum TfLiteStatus { kTfLiteOk = 0, kTfLiteError = 1 };
#define TF_LITE_ENSURE_STATUS(a) do { const TfLiteStatus s = (a); if (s != kTfLiteOk) { return s; } } while (0)
"""
PROGRAM = """
#include <cstdio>

#include "model_ops.h"

struct Resolver {
  int left;
  TfLiteStatus take(const char *name) { std::puts(name); return left-- > 0 ? kTfLiteOk : kTfLiteError; }
  TfLiteStatus AddConv2D() { return take("AddConv2D"); }
  TfLiteStatus AddSoftmax() { return take("AddSoftmax"); }
};

int main() {
  Resolver roomy{MOTE_MODEL_OPS}, narrow{MOTE_MODEL_OPS - 1};
  const bool good = mote_add_ops(roomy) == kTfLiteOk && mote_add_ops(narrow) == kTfLiteError;
  std::printf("%d\\n", good);
}
"""


def test_operator_list_compiles_alone_and_register_the_models_operators(tmp_path: Path):
    compiler = shutil.which("c++")
    if compiler is None:
        pytest.skip("there is no C++ compiler")
    calls = resolver_calls(["SOFTMAX", "CONV_2D", "SOFTMAX"])
    values = {
        "OP_COUNT": str(len(calls)),
        "ADD_OPS": "\n".join(f"  TF_LITE_ENSURE_STATUS(resolver.{call}());" for call in calls),
    }
    template = (resources_dir() / "firmware" / "templates" / "model_ops.h.in").read_text()
    (tmp_path / "model_ops.h").write_text(fill(template, values, "model_ops.h"))
    header = tmp_path / "tensorflow" / "lite" / "c" / "common.h"
    header.parent.mkdir(parents=True)
    header.write_text(COMMON_H)
    (tmp_path / "main.cc").write_text(PROGRAM)
    argv = [compiler, "-std=c++17", "-Wall", "-Wextra", "-Werror", "-I.", "main.cc", "-o", "program"]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said = subprocess.run([tmp_path / "program"], capture_output=True, text=True, check=True).stdout.split("\n")
    assert said[:2] == ["AddConv2D", "AddSoftmax"]
    assert said[-2] == "1"
