"""What a firmware project is generated from, and the text of its generated files. Computes text; writes nothing."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from motestudio import __version__
from motestudio.domain.board import BoardFile
from motestudio.domain.classes import is_background
from motestudio.errors import BuildError
from motestudio.firmware.c_text import c_comment, c_constants, c_float, c_int, c_lines, c_string
from motestudio.firmware.feature_code import FeatureCode, glue_values, source_files, streaming
from motestudio.firmware.ops import resolver_calls
from motestudio.firmware.package import sha256_of
from motestudio.firmware.signing import SigningKey
from motestudio.firmware.slot_image import SlotImage, contract_of, firmware_id
from motestudio.sdk.deployable import Deployable

MIN_LINK_PAYLOAD, MAX_LINK_PAYLOAD = 768, 8192
MAX_CLASSES, MAX_CHANNELS = 32, 16
"""``MOTE_APP_MAX_CLASSES`` and ``MOTE_APP_MAX_CHANNELS`` of the C core."""
_REPLY_BYTES = 480
"""Of what a board says of itself, without the names of its channels and classes."""

_PLACE = re.compile(r"@([A-Z0-9_]+)@")


@dataclass(frozen=True, slots=True)
class PostSettings:
    """How the board decides from scores; background classes never fire.

    Attributes:
        mean_over: outputs averaged, 1..8.
        threshold: 0..1.
        suppression_ms: after a detection.
    """

    mean_over: int = 1
    threshold: float = 0.8
    suppression_ms: int = 1000


@dataclass(frozen=True, slots=True)
class FirmwareRequest:
    """All that goes into a firmware project.

    Attributes:
        project_name: for people.
        board: what it is for.
        deployable: model, classes, signal, quantisation.
        ops: operator names of the model, as `OpInfo.kernel` has them.
        arena_bytes: for the TFLM arena.
        features: the feature stages' C side, in the order of the deployable's blocks.
        post: how the board decides.
        target: what a target stage adds, by path inside the project's ``target`` folder; what lies there stays
            where it adds nothing.
        key: what its models are signed with; the firmware then takes no others.
    """

    project_name: str
    board: BoardFile
    deployable: Deployable
    ops: tuple[str, ...]
    arena_bytes: int
    features: tuple[FeatureCode, ...] = ()
    post: PostSettings = PostSettings()
    target: Mapping[str, bytes] = field(default_factory=dict)
    key: SigningKey | None = None

    @property
    def model_sha256(self) -> str:
        """Of the ``.tflite`` bytes, in hex."""
        return sha256_of(self.deployable.model)

    @property
    def link_payload(self) -> int:
        """Longest link payload of this firmware: that of its description. Windows and models go in pieces."""
        group = self.deployable.signal.group
        channels = sum(40 + len(c.name.encode()) + len(c.unit.encode()) for c in group.channels)
        classes = sum(2 + len(name.encode()) for name in self.deployable.classes)
        names = len(self.project_name.encode()) + len(self.board.name.encode())
        wanted = _REPLY_BYTES + channels + classes + names
        return min(max(MIN_LINK_PAYLOAD, -(-wanted // 16) * 16), MAX_LINK_PAYLOAD)

    @property
    def slot_image(self) -> SlotImage:
        """The model as the firmware's first slot holds it."""
        contract = contract_of(self.deployable, self.features)
        image = SlotImage(
            name=self.project_name,
            model=self.deployable.model,
            arena_bytes=self.arena_bytes,
            contract=contract,
            made_for=firmware_id(contract, self.deployable.model),
        )
        return self.key.sign(image) if self.key is not None else image


def fill(template: str, values: Mapping[str, str], name: str) -> str:
    """Put values into a template's ``@NAME@`` places.

    Raises:
        BuildError: ``firmware.template``: a place has no value.
    """
    if absent := sorted(set(_PLACE.findall(template)) - set(values)):
        raise BuildError(
            "firmware.template", f"Template {name} has an unknown place @{absent[0]}@.", "Reinstall Mote Studio."
        )
    return _PLACE.sub(lambda match: values[match[1]], template)


def template_values(request: FirmwareRequest) -> dict[str, str]:
    """Text for every place in the templates.

    Raises:
        BuildError: an operator, a constant or a size that firmware cannot have.
    """
    deploy, board, signal = request.deployable, request.board, request.deployable.signal
    calls = resolver_calls(request.ops)
    plain = {
        "PROJECT": request.project_name,
        "BOARD_NAME": board.name,
        "MODEL_NAME": request.project_name,
        "FEATURE_STAGES": ", ".join(b.stage for b in deploy.blocks),
    }
    return (
        {key: c_comment(text) for key, text in plain.items()}
        | _quoted(request)
        | _numbers(request)
        | {
            "CMAKE_NAME": _identifier(request.project_name),
            "MODEL_SHA256": request.model_sha256,
            "OPS": ", ".join(sorted(set(request.ops))) or "none",
            "ADD_OPS": "\n".join(f"  TF_LITE_ENSURE_STATUS(resolver.{call}());" for call in calls),
            "OP_COUNT": str(max(1, len(calls))),
            "CLASSES": ", ".join(c_comment(name) for name in deploy.classes),
            "FEATURE_SHAPE": " x ".join(str(n) for n in deploy.feature_shape),
            "FEATURE_SOURCES": " ".join(source_files(request.features)),
            "LABELS": "\n".join(f"    {c_string(name)}," for name in deploy.classes),
            "CHANNEL_TABLE": "\n".join(
                f"    {{{c_string(c.name)}, {c_string(c.unit)}, {c_float(c.scale)}, {c_float(c.offset)}}},"
                for c in signal.group.channels
            ),
        }
        | glue_values(request.features)
        | _post(request)
        | _slot(request)
    )


def use_values(code: FeatureCode, number: int) -> dict[str, str]:
    """Text for the places that only the parameters of one use of a feature stage have."""
    return {
        "NUMBER": str(number),
        "FEATURE_STAGE": c_comment(code.block.stage),
        "USE_COUNT": c_int(code.count),
        "CONSTANTS": c_constants(code.constants),
    }


def _quoted(request: FirmwareRequest) -> dict[str, str]:
    texts = {
        "BOARD_ID": request.board.id,
        "BOARD_NAME": request.board.name,
        "MODEL_NAME": request.project_name,
        "GROUP": request.deployable.signal.group.name,
        "FIRMWARE": f"mote {__version__}",
    }
    return {f"{key}_TEXT": c_string(text) for key, text in texts.items()}


def _numbers(request: FirmwareRequest) -> dict[str, str]:
    deploy, signal = request.deployable, request.deployable.signal
    counts = {
        "WINDOW_SAMPLES": signal.window_samples,
        "STEP_SAMPLES": signal.step_samples,
        "CHANNELS": signal.n_channels,
        "FEATURE_COUNT": math.prod(deploy.feature_shape),
        "CLASS_COUNT": len(deploy.classes),
        "ARENA_BYTES": request.arena_bytes,
        "LINK_PAYLOAD": request.link_payload,
    }
    for key, value in counts.items():
        if value < 1:
            raise BuildError("firmware.size", f"{key} would be {value}.", "Run the pipeline again.", {"key": key})
    numbers = counts | {
        "INPUT_BITS": 16 if deploy.input_type == "int16" else 8,
        "STREAMING": int(streaming(request.features, signal.window_samples, signal.step_samples)),
        "INPUT_ZERO_POINT": deploy.input_zero_point,
        "OUTPUT_ZERO_POINT": deploy.output_zero_point,
        "FLASH_BYTES": request.board.flash_bytes,
        "RAM_BYTES": request.board.ram_bytes,
    }
    floats = {
        "RATE_HZ": signal.group.rate_hz,
        "INPUT_SCALE": deploy.input_scale,
        "OUTPUT_SCALE": deploy.output_scale,
    }
    if len(deploy.classes) > MAX_CLASSES:
        text = f"The firmware takes {MAX_CLASSES} classes; the model has {len(deploy.classes)}."
        raise BuildError("firmware.size", text, "Join classes.", {"key": "CLASS_COUNT"})
    if signal.n_channels > MAX_CHANNELS:
        text = f"The firmware takes {MAX_CHANNELS} channels; the signal has {signal.n_channels}."
        raise BuildError("firmware.size", text, "Choose channels in the window stage.", {"key": "CHANNELS"})
    period = max(1, round(65536e6 / signal.group.rate_hz))
    plain = {"PERIOD_Q16": f"{period}ull"} | {f"{k}_PLAIN": f"{v:.6g}" for k, v in floats.items()}
    return {k: c_int(v) for k, v in numbers.items()} | {k: c_float(v) for k, v in floats.items()} | plain


def _post(request: FirmwareRequest) -> dict[str, str]:
    deploy, post = request.deployable, request.post
    # The threshold is compared with raw scores; it saturates, so that 1.0 is still reachable.
    raw = round(post.threshold / deploy.output_scale) + deploy.output_zero_point
    mask = sum(1 << i for i, name in enumerate(deploy.classes[:32]) if is_background(name))
    return {
        "POST_MEAN_OVER": c_int(min(max(post.mean_over, 1), 8)),
        "POST_THRESHOLD": c_int(min(max(raw, -128), 127)),
        "POST_SUPPRESSION_US": str(min(max(post.suppression_ms, 0), 4_000_000) * 1000),
        "POST_BACKGROUND": str(mask),
    }


def _slot(request: FirmwareRequest) -> dict[str, str]:
    image = request.slot_image
    data = image.to_bytes()
    return {
        "SLOT_DATA": c_lines((str(b) for b in data), indent="    "),
        "SLOT_IMAGE_BYTES": str(len(data)),
        "CONTRACT": ", ".join(f"0x{b:02x}" for b in image.contract),
        "MADE_FOR": ", ".join(f"0x{b:02x}" for b in image.made_for),
        "PUBLIC_KEY": c_lines((str(b) for b in request.key.public), indent="    ") if request.key else "",
    }


def _identifier(name: str) -> str:
    text = re.sub(r"[^a-z0-9_]+", "_", name.lower()).strip("_")
    return "mote_" + (text or "project")
