"""The stage: a Makefile beside the generated project. It writes into ``ctx.workdir``, which becomes ``target/``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from motestudio.sdk import Deployable, PluginError, RunContext, Value

_PLAIN = re.compile(r"[\w./+-]*")
_FPU = {"cortex-m4": "fpv4-sp-d16", "cortex-m7": "fpv5-d16", "cortex-m33": "fpv5-sp-d16"}


class Library:
    """Target stage."""

    def generate(self, ctx: RunContext, project: Path, deployable: Deployable, params: Mapping[str, Value]) -> None:
        """Write the Makefile for the project's C sources.

        Raises:
            PluginError: a toolchain that cannot be a program's name.
        """
        prefix = str(params["prefix"])
        if not _PLAIN.fullmatch(prefix):
            text = f"{prefix!r} cannot begin a program's name."
            raise PluginError("library.prefix", text, "Give letters, digits, dots, dashes and slashes.")
        sources = sorted(p.relative_to(project).as_posix() for p in project.glob("features/**/*.c"))
        sources += [s for s in ("model/mote_features.c", "model/labels.c") if (project / s).is_file()]
        ctx.log(f"{len(sources)} sources for {len(deployable.classes)} classes")
        (ctx.workdir / "Makefile").write_text(_makefile(sources, prefix, params), encoding="utf-8")


def _makefile(sources: list[str], prefix: str, params: Mapping[str, Value]) -> str:
    stack = round(float(params["stack_kb"]) * 1024)
    flags = f"-O{params['optimise']} -Wstack-usage={stack} {_cpu(params)}".strip()
    lines = [
        "# Builds libmote.a from the project above this folder.",
        f"CC := {prefix}gcc",
        f"AR := {prefix}ar",
        "# Contraction into fused multiply-adds would change the features' last bit against the desk.",
        f"CFLAGS := -std=c11 -ffp-contract=off -Wall -Wextra -I../core -I../model {flags}",
        f"SOURCES := {' '.join(f'../{s}' for s in sources)}",
        "OBJECTS := $(SOURCES:../%.c=build/%.o)",
        "",
        "build/libmote.a: $(OBJECTS)",
        "\t$(AR) rcs $@ $^",
        "",
        "build/%.o: ../%.c",
        "\t@mkdir -p $(dir $@)",
        "\t$(CC) $(CFLAGS) -c $< -o $@",
        "",
        "clean:",
        "\trm -rf build",
        "",
        ".PHONY: clean",
    ]
    return "\n".join(lines) + "\n"


def _cpu(params: Mapping[str, Value]) -> str:
    cpu = str(params["cpu"])
    if cpu == "host":
        return ""
    fpu = _FPU.get(cpu) if params["hard_float"] else None
    return f"-mcpu={cpu} -mthumb " + (f"-mfpu={fpu} -mfloat-abi=hard" if fpu else "-mfloat-abi=soft")
