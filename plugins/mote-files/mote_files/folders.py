"""What the place of a file says: its split, its label, whether it is data at all.

Must not read the files themselves.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

SPLIT_FOLDERS = {
    "train": "train", "training": "train", "test": "test", "testing": "test", "eval": "test",
    "validation": "train", "valid": "train", "val": "train", "dev": "train",
}  # fmt: skip
"""Folder names that say a split; validation is drawn anew from the training part."""

NOT_DATA = {"weights", "docs", "doc", "models", "model", "scripts", "images", "__pycache__", "__macosx"}
"""Folders left out, as are those that start with a dot or an underscore."""

PLAIN = {"data", "dataset", "datasets", "raw", "csv", "wav", "wavs", "audio", "recordings", "samples", "clips", "files"}
"""Folder names that say nothing about their content."""


def find_files(source: Path, suffix: str) -> list[Path]:
    """Data files below a folder, or the one file given, in name order.

    Args:
        source: a folder or a file.
        suffix: such as ``.csv``, lower case.
    """
    if source.is_file():
        return [source]
    found = []
    for path in sorted(source.rglob("*")):
        folders = [p.lower() for p in path.relative_to(source).parts[:-1]]
        hidden = any(p.startswith((".", "_")) for p in (*folders, path.name))
        if path.suffix.lower() == suffix and path.is_file() and not hidden and not NOT_DATA.intersection(folders):
            found.append(path)
    return found


def split_of(path: Path, source: Path) -> str:
    """``train`` or ``test`` where a folder between source and file says so, else empty."""
    for part in reversed(_folders(path, source)):
        if part.lower() in SPLIT_FOLDERS:
            return SPLIT_FOLDERS[part.lower()]
    return ""


def without_copies(paths: Sequence[Path], source: Path, log: Callable[[str], None]) -> list[Path]:
    """Leave out files beside a split folder that has a file of the same name: those are the unsplit originals."""
    in_splits: dict[Path, set[str]] = defaultdict(set)
    for path in paths:
        for folder in path.parents:
            if folder.name.lower() in SPLIT_FOLDERS and folder != source:
                in_splits[folder.parent].add(path.name)
    kept = [p for p in paths if p.name not in in_splits.get(p.parent, ())]
    if len(kept) < len(paths):
        log(f"{len(paths) - len(kept)} files are left out: train and test folders beside them hold the same names.")
    return kept


def _folders(path: Path, source: Path) -> list[str]:
    if path == source:
        return []
    return list(path.relative_to(source).parts[:-1])


def class_folder(path: Path, source: Path) -> str:
    """The nearest folder above the file whose name could be a class, or empty."""
    for part in reversed(_folders(path, source)):
        if part.lower() not in SPLIT_FOLDERS and part.lower() not in PLAIN:
            return part
    return ""


def stem_label(path: Path) -> str:
    """A file's stem without what counts it: ``wave_012`` and ``wave.2a41c`` are ``wave``."""
    stem = path.stem.split(".")[0] or path.stem
    return re.sub(r"(?:[ _\-]*\(?\d+(?:ms|s|hz)?\)?)+$", "", stem, flags=re.IGNORECASE) or stem


def labels(paths: Sequence[Path], source: Path, label_from: str) -> dict[Path, str]:
    """A label for every file, from its folder or its name.

    Folders win where each holds one thing; where the same few names recur in several folders (sessions, people)
    or nothing but plain folders exist, the names win.

    Args:
        paths: all files of the import.
        source: the import's folder.
        label_from: ``folder``, ``file`` or ``auto``.
    """
    folder = {p: class_folder(p, source) for p in paths}
    stem = {p: stem_label(p) for p in paths}
    by_folder = label_from == "folder" or (label_from == "auto" and _folders_say_it(folder, stem))
    return {p: (folder[p] or stem[p]) if by_folder else stem[p] for p in paths}


def _folders_say_it(folder: dict[Path, str], stem: dict[Path, str]) -> bool:
    names = {f for f in folder.values() if f}
    if not names:
        return False
    homes: dict[str, set[str]] = defaultdict(set)
    for path, name in stem.items():
        homes[name].add(folder[path])
    recurring = [s for s, f in homes.items() if len(f) > 1 and re.search(r"[A-Za-z]", s)]
    counted = Counter(stem.values())
    in_recurring = sum(counted[s] for s in recurring)
    # The same name in every folder ("clip", "take") is a counter; several are the classes.
    return not (len(recurring) > 1 and in_recurring > 0.5 * len(stem) and len(recurring) <= 0.5 * len(stem))


class Names:
    """Makes clip names unique and safe as file names."""

    def __init__(self) -> None:
        self._used: Counter[str] = Counter()

    def take(self, *parts: str) -> str:
        """A name from the parts that are not empty; a number is added where it was given before."""
        name = re.sub(r"[^\w.\-]+", "_", "_".join(p for p in parts if p)).strip("._") or "clip"
        self._used[name] += 1
        if self._used[name] == 1:
            return name
        return self.take(name, str(self._used[name]))
