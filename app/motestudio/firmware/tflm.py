"""TensorFlow Lite Micro as the user has it: which version goes with the converter, what a tree holds, whether it fits.

TFLM is never part of the studio: a tree is a folder of its sources, in which its own build left one static library a
core. Everything here reads files only; getting and building a tree is `motestudio.studio`'s.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from motestudio.errors import BuildError

SCHEMA = 3
"""Version of the .tflite schema that the converter writes (``TFLITE_SCHEMA_VERSION``)."""
STAMP = "mote-tflm.json"
"""File in a tree that the studio got: which commit it is."""
LIBRARY = "libtensorflow-microlite.a"
MAKEFILE = "tensorflow/lite/micro/tools/make/Makefile"
DOWNLOADS = "tensorflow/lite/micro/tools/make/downloads"
THIRD_PARTY = ("flatbuffers", "gemmlowp", "ruy", "kissfft", "pigweed", "cmsis", "cmsis_nn")
"""Folders in `DOWNLOADS` that TFLM's build fetches the first time."""
_RESOLVER = "tensorflow/lite/micro/micro_mutable_op_resolver.h"
_INTERPRETER = "tensorflow/lite/micro/micro_interpreter.h"
_MAX_HEADER = 4_000_000
_COMMIT = re.compile(r"[0-9a-f]{40}")
_ADDS = re.compile(r"AddBuiltin\(\s*BuiltinOperator_([A-Z0-9_]+)")
_SCHEMA_LINE = re.compile(r"#define\s+TFLITE_SCHEMA_VERSION\s+\(?(\d+)\)?")
_BUILT = re.compile(r"cortex_m_generic_(?P<arch>[^_]+)_.+")
_ANY = "any"


@dataclass(frozen=True, slots=True)
class TflmPin:
    """A version of TFLM that the studio is tested with.

    Attributes:
        commit: of github.com/tensorflow/tflite-micro.
        date: of the commit.
        tar_sha256: of the uncompressed archive that git makes of the commit (``git archive --format=tar
            --prefix=tflite-micro-<commit>/``), which is what GitHub serves compressed.
        tar_bytes: of the same.
        gzip_bytes: about what is downloaded, for progress where a server does not say.
        tensorflow: major and minor version of the converter whose models it runs.
        wheel: release of the package tflite-micro that runs the same models on the desk.
    """

    commit: str
    date: str
    tar_sha256: str
    tar_bytes: int
    gzip_bytes: int
    tensorflow: str
    wheel: str

    @property
    def url(self) -> str:
        """Where it is downloaded from."""
        return f"https://codeload.github.com/tensorflow/tflite-micro/tar.gz/{self.commit}"

    @property
    def short(self) -> str:
        """Of the commit, for names and for people."""
        return self.commit[:12]

    @property
    def root(self) -> str:
        """The one folder in the archive."""
        return f"tflite-micro-{self.commit}"


TFLM_PIN = TflmPin(
    commit="90b983c2b3f1480642e040bbd2ddb37b998f3424",
    date="2026-08-20",
    tar_sha256="1d9fdebeaf54c6d98bb0ef92854d7cdd3210350124d6b5955a80d2713cdc7591",
    tar_bytes=29_655_040,
    gzip_bytes=11_400_000,
    tensorflow="2.21",
    wheel="0.dev20261001",
)
"""The one in use; it changes together with TensorFlow and tflite-micro in pyproject.toml, which a test holds."""

# TARGET_ARCH of TFLM's target cortex_m_generic, by the core in a board file.
ARCHITECTURES: Mapping[str, str] = {
    "cortex-m0": "cortex-m0",
    "cortex-m0+": "cortex-m0plus",
    "cortex-m3": "cortex-m3",
    "cortex-m4": "cortex-m4",
    "cortex-m4f": "cortex-m4+fp",
    "cortex-m7": "cortex-m7+fp",
    "cortex-m33": "cortex-m33",
}


@dataclass(frozen=True, slots=True)
class TflmTree:
    """What lies in a folder.

    Attributes:
        folder: as it was named.
        is_tree: whether it has TFLM's headers.
        commit: which one it is, empty where nobody says.
        schema: ``TFLITE_SCHEMA_VERSION``, 0 where it is not found.
        operators: names of the builtin operators that can be registered, such as ``CONV_2D``.
        libraries: the libraries that are built, by core; one that lies in the folder itself counts for every core.
    """

    folder: Path
    is_tree: bool
    commit: str
    schema: int
    operators: frozenset[str]
    libraries: Mapping[str, tuple[Path, ...]]

    @property
    def pinned(self) -> bool:
        """Whether it is known to be the version in use."""
        return self.commit == TFLM_PIN.commit

    def built(self, core: str) -> tuple[Path, ...]:
        """The libraries that serve a core; one is as it should be."""
        return self.libraries.get(_ANY, ()) + self.libraries.get(core, ())

    @property
    def lacks(self) -> tuple[str, ...]:
        """Third-party sources that TFLM's build would still fetch."""
        return tuple(name for name in THIRD_PARTY if not (self.folder / DOWNLOADS / name).is_dir())


def architecture(core: str) -> str:
    """``TARGET_ARCH`` of a core.

    Raises:
        BuildError: ``tflm.core``: TFLM's build has no such target.
    """
    if core not in ARCHITECTURES:
        text = f"TensorFlow Lite Micro's own build makes no library for the core {core}."
        hint = f"It does for: {', '.join(ARCHITECTURES)}. ESP32 boards take it as a component of ESP-IDF."
        raise BuildError("tflm.core", text, hint, {"core": core})
    return ARCHITECTURES[core]


def make_command(core: str, compiler: Path, jobs: int) -> list[str]:
    """What builds the library of a core, run in the tree's folder.

    Args:
        core: as board files name it.
        compiler: path of arm-none-eabi-gcc.
        jobs: compilers at a time.

    Raises:
        BuildError: ``tflm.core``.
    """
    # V=1 prints each command, which progress is counted from.
    settings = {
        "TARGET": "cortex_m_generic",
        "TARGET_ARCH": architecture(core),
        "OPTIMIZED_KERNEL_DIR": "cmsis_nn",
        "BUILD_TYPE": "release",
        "TARGET_TOOLCHAIN_ROOT": f"{compiler.parent.as_posix()}/",
        "V": "1",
    }
    return ["make", "-f", MAKEFILE, "-j", str(jobs), *(f"{k}={v}" for k, v in settings.items()), "microlite"]


def library_path(folder: Path, core: str) -> Path:
    """Where `make_command` leaves the library."""
    output = f"cortex_m_generic_{architecture(core)}_release_cmsis_nn_gcc"
    return folder / "gen" / output / "lib" / LIBRARY


def read_tree(folder: Path) -> TflmTree:
    """Look at a folder; what is not there or not readable is said by empty fields, never by an error."""
    resolver, interpreter = _text(folder / _RESOLVER), _text(folder / _INTERPRETER)
    schema = _SCHEMA_LINE.search(interpreter)
    return TflmTree(
        folder=folder,
        is_tree=bool(resolver and interpreter),
        commit=_commit(folder),
        schema=int(schema[1][:6]) if schema else 0,
        operators=frozenset(_ADDS.findall(resolver)),
        libraries=_libraries(folder),
    )


def check_tree(tree: TflmTree) -> tuple[str, ...]:
    """See that a tree is the version that goes with the converter.

    Returns:
        What could not be made sure of, a sentence each.

    Raises:
        BuildError: ``tflm.not_a_tree``, ``tflm.version``, ``tflm.schema``.
    """
    data = {"folder": str(tree.folder)}
    if not tree.is_tree:
        text = f"{tree.folder} is no TensorFlow Lite Micro tree: there is no {_RESOLVER} in it."
        raise BuildError("tflm.not_a_tree", text, "Get one with: mote sdk get; or name another folder.", data)
    if tree.commit and not tree.pinned:
        text = (
            f"TensorFlow Lite Micro in {tree.folder} is {tree.commit[:12]}, and {TFLM_PIN.short} of {TFLM_PIN.date} "
            f"goes with the converter of TensorFlow {TFLM_PIN.tensorflow}."
        )
        hint = "Get that version with: mote sdk get; and let MOTE_TFLM_DIR and the setting name it or nothing."
        raise BuildError("tflm.version", text, hint, data | {"commit": tree.commit, "wanted": TFLM_PIN.commit})
    if tree.schema != SCHEMA:
        known = f"version {tree.schema}" if tree.schema else "an unknown version"
        text = f"TensorFlow Lite Micro in {tree.folder} reads {known} of the .tflite format, and models are {SCHEMA}."
        raise BuildError("tflm.schema", text, "Get the version in use with: mote sdk get.", data)
    if not tree.commit:
        return (f"Nothing in {tree.folder} says which version it is; the converter goes with {TFLM_PIN.short}.",)
    return ()


def check(tree: TflmTree, core: str, *, ops: Iterable[str] = (), converter: str = "") -> tuple[str, ...]:
    """See that a model can be built with a tree for a core, before anything is built.

    Args:
        tree: as `read_tree` saw it.
        core: as board files name it.
        ops: operators of the model, such as ``CONV_2D``.
        converter: version of TensorFlow that converted it, empty where unknown.

    Returns:
        What could not be made sure of, a sentence each.

    Raises:
        BuildError: what `check_tree` and `architecture` raise; ``tflm.converter``, ``tflm.op_missing``,
            ``tflm.no_library``, ``tflm.two_libraries``.
    """
    notes = list(check_tree(tree))
    data = {"folder": str(tree.folder), "core": core}
    if newer_converter(converter):
        text = f"TensorFlow {converter} converted the model, and TensorFlow Lite Micro goes with {TFLM_PIN.tensorflow}."
        hint = f"Convert it again with TensorFlow {TFLM_PIN.tensorflow}: run the pipeline."
        raise BuildError("tflm.converter", text, hint, data | {"converter": converter})
    if missing := sorted(set(ops) - tree.operators):
        text = f"TensorFlow Lite Micro in {tree.folder} has no operator {', '.join(missing)}."
        hint = "Change the model so that it does without, or get the version in use with: mote sdk get."
        raise BuildError("tflm.op_missing", text, hint, data | {"ops": missing})
    architecture(core)
    found = tree.built(core)
    if not found:
        text = f"TensorFlow Lite Micro in {tree.folder} is not built for {core}."
        raise BuildError("tflm.no_library", text, f"Build it with: mote sdk build --core {core}.", data)
    if len(found) > 1:
        names = [str(path.relative_to(tree.folder)) for path in found]
        text = f"There are {len(found)} libraries for {core} in {tree.folder}: {', '.join(names)}."
        raise BuildError("tflm.two_libraries", text, "Delete all but one.", data | {"libraries": names})
    return tuple(notes)


def newer_converter(version: str) -> bool:
    """Whether a TensorFlow version is newer than the one that goes with the pin; TFLM reads what older ones wrote."""
    match = re.match(r"(\d{1,6})\.(\d{1,6})", version)
    wanted = tuple(int(part) for part in TFLM_PIN.tensorflow.split("."))
    return match is not None and (int(match[1]), int(match[2])) > wanted


def write_stamp(folder: Path, commit: str, source: str) -> None:
    """Write down which commit a tree is, and where it came from."""
    body = json.dumps({"commit": commit, "source": source}, indent=1) + "\n"
    (folder / STAMP).write_text(body, encoding="utf-8")


def _libraries(folder: Path) -> dict[str, tuple[Path, ...]]:
    cores = {arch: core for core, arch in ARCHITECTURES.items()}
    found: dict[str, tuple[Path, ...]] = {}
    try:
        if (folder / LIBRARY).is_file():
            found[_ANY] = (folder / LIBRARY,)
        for path in sorted(folder.glob(f"gen/cortex_m_generic_*/lib/{LIBRARY}")):
            match = _BUILT.fullmatch(path.parents[1].name)
            core = cores.get(match["arch"], "") if match else ""
            if core and path.is_file():
                found[core] = (*found.get(core, ()), path)
    except OSError:
        return found
    return found


def _commit(folder: Path) -> str:
    """From our stamp, else from the git repository whose top folder it is."""
    try:
        body = json.loads(_text(folder / STAMP) or "{}")
    except (ValueError, RecursionError):
        body = {}
    stamped = body.get("commit") if isinstance(body, dict) else None
    if isinstance(stamped, str) and _COMMIT.fullmatch(stamped):
        return stamped
    return _git_head(folder)


def _git_head(folder: Path) -> str:
    git = folder / ".git"
    # A worktree or submodule has a file there that names the folder.
    pointer = _text(git).strip() if not git.is_dir() else ""
    if pointer.startswith("gitdir:"):
        git = folder / pointer.removeprefix("gitdir:").strip()
    head = _text(git / "HEAD").strip()
    if _COMMIT.fullmatch(head):
        return head
    name = head.removeprefix("ref:").strip()
    if not head.startswith("ref:") or ".." in name or not name.startswith("refs/"):
        return ""
    common = git / (_text(git / "commondir").strip() or ".")
    for place in (git, common):
        loose = _text(place / name).strip()
        if _COMMIT.fullmatch(loose):
            return loose
    packed = re.search(rf"^([0-9a-f]{{40}}) {re.escape(name)}$", _text(common / "packed-refs"), re.MULTILINE)
    return packed[1] if packed else ""


def _text(path: Path) -> str:
    """A file's beginning; empty where there is none."""
    try:
        with path.open("rb") as file:
            return file.read(_MAX_HEADER).decode("utf-8", errors="replace")
    except (OSError, ValueError):
        return ""
