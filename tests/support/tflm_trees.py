"""Folders that look like TensorFlow Lite Micro and hold nothing of it; their Makefile "builds" a file of some bytes."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from dataclasses import replace
from pathlib import Path

from motestudio.firmware import tflm
from motestudio.firmware.tflm import TFLM_PIN, TflmPin

MICRO = Path("tensorflow/lite/micro")
RESOLVER = """
TfLiteStatus AddConv2D() { return AddBuiltin(BuiltinOperator_CONV_2D, Register_CONV_2D(), ParseConv2D); }
TfLiteStatus AddSoftmax() {
  return AddBuiltin(
      BuiltinOperator_SOFTMAX, Register_SOFTMAX(), ParseSoftmax);
}
"""
MAKEFILE = """
LIB := gen/$(TARGET)_$(TARGET_ARCH)_$(BUILD_TYPE)_$(OPTIMIZED_KERNEL_DIR)_gcc/lib/libtensorflow-microlite.a
microlite: $(LIB)
$(LIB):
\t@test -x '$(TARGET_TOOLCHAIN_ROOT)arm-none-eabi-gcc'
\t@echo built >> times
\t@echo "arm-none-eabi-gcc -Os -c one.cc -o gen/obj/one.o"
\t@echo "arm-none-eabi-gcc -Os -c two.cc -o gen/obj/two.o"
\t@mkdir -p $(dir $@)
\t@echo library > $@
"""
BREAKS = """
microlite:
\t@echo "one.cc:3:1: error: nothing is declared"
\t@exit 1
"""
CUT_OFF = """
microlite:
\t@mkdir -p tensorflow/lite/micro/tools/make/downloads/gemmlowp
\t@echo "curl: (6) Could not resolve host: github.com"
\t@exit 2
"""


def plant(folder: Path, *, schema: int = 3, makefile: str = MAKEFILE, fetched: bool = True) -> Path:
    """Write a tree; with `fetched`, its third-party sources are there too."""
    make = folder / MICRO / "tools" / "make"
    make.mkdir(parents=True)
    (folder / MICRO / "micro_mutable_op_resolver.h").write_text(RESOLVER)
    (folder / MICRO / "micro_interpreter.h").write_text(f"#define TFLITE_SCHEMA_VERSION ({schema})\n")
    (make / "Makefile").write_text(makefile)
    for name in tflm.THIRD_PARTY if fetched else ():
        (folder / tflm.DOWNLOADS / name).mkdir(parents=True)
    return folder


def add_library(folder: Path, arch: str = "cortex-m4+fp", build: str = "release") -> Path:
    """What TFLM's build leaves for a core."""
    library = folder / "gen" / f"cortex_m_generic_{arch}_{build}_cmsis_nn_gcc" / "lib" / tflm.LIBRARY
    library.parent.mkdir(parents=True)
    library.write_bytes(b"!<arch>\n")
    return library


def pack(members: dict[str, bytes] | None = None, *, links: dict[str, str] | None = None) -> tuple[bytes, TflmPin]:
    """A .tar.gz with files (and symbolic links) in the pinned root folder, and a pin that expects exactly that."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as tar:
        for name, content in (members or {}).items():
            info = tarfile.TarInfo(f"{TFLM_PIN.root}/{name}")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
        for name, target in (links or {}).items():
            info = tarfile.TarInfo(f"{TFLM_PIN.root}/{name}")
            info.type, info.linkname = tarfile.SYMTYPE, target
            tar.addfile(info)
    body = raw.getvalue()
    pin = replace(TFLM_PIN, tar_sha256=hashlib.sha256(body).hexdigest(), tar_bytes=len(body), gzip_bytes=1000)
    return gzip.compress(body, 1), pin


def pack_tree(folder: Path) -> tuple[bytes, TflmPin]:
    """A tree as `pack` makes it."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return pack({path.relative_to(folder).as_posix(): path.read_bytes() for path in files})
