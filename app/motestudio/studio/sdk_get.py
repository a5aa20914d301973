"""Gets TensorFlow Lite Micro: a download that goes on where it stopped, or a local archive or folder.

An archive is unpacked only when its SHA-256 is that of the pinned version, beside its place, and moved when whole.
"""

from __future__ import annotations

import errno
import gzip
import hashlib
import os
import posixpath
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from motestudio.errors import BuildError, MissingError, ProjectError
from motestudio.firmware import tflm
from motestudio.firmware.tflm import TFLM_PIN, TflmPin, TflmTree
from motestudio.project.files import file_error
from motestudio.studio import sdk
from motestudio.studio.download import download
from motestudio.studio.operation import Operation

_CHUNK = 256 * 1024
# Pythons before 3.11.4 have no filter: `_check_member` holds there by itself.
_FILTER: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}


def get(operation: Operation, *, url: str = "", source: Path | None = None, pin: TflmPin = TFLM_PIN) -> TflmTree:
    """Put the pinned TFLM where `sdk.find` finds it; nothing is done where it is there already.

    Args:
        operation: progress and cancel; a download that is cancelled goes on the next time.
        url: to download from instead of the pin's.
        source: an archive of the pinned commit (.tar.gz or .tar), or the folder of a tree, to get it from offline.
        pin: which version.

    Raises:
        MissingError: ``sdk.no_network``, ``sdk.http``, ``sdk.interrupted``; ``sdk.no_source``: nothing is at `source`.
        BuildError: ``sdk.sha256``: it is another archive; ``sdk.archive``; ``sdk.busy``; ``tflm.…``: the folder is
            another version.
        ProjectError: ``disk.full`` or another trouble with the user's folder.
        Cancelled: by the operation.
    """
    place = sdk.own_folder(pin)
    with _disk(sdk.home()):
        sdk.home().mkdir(parents=True, exist_ok=True)
    with sdk.held(sdk.home() / "get.lock", "TensorFlow Lite Micro is being got by another process."):
        if source is not None and source.is_dir():
            _from_folder(source, place, operation)
        elif source is not None and not source.is_file():
            text = f"There is no {source}."
            raise MissingError("sdk.no_source", text, "Name an archive or the folder of a tree.", {"path": str(source)})
        elif not _is_here(place, pin):
            operation.part("tflm-get", f"Getting TensorFlow Lite Micro {pin.short} of {pin.date}")
            _need_room(pin)
            if source is not None:
                _unpack(source, place, pin, operation, source.name)
            else:
                _from_network(url or pin.url, place, pin, operation)
        operation.progress(1.0, "Ready")
        return tflm.read_tree(place)


def _is_here(place: Path, pin: TflmPin) -> bool:
    tree = tflm.read_tree(place)
    return tree.is_tree and tree.commit == pin.commit


def _from_network(url: str, place: Path, pin: TflmPin, operation: Operation) -> None:
    part = sdk.home() / f"{place.name}.tar.gz.part"
    # A server may pack the same archive anew and differently: two halves of different ones are no archive.
    for attempt in (1, 2):
        with operation.within(0.0, 0.8) as fetching:
            resumed = download(url, part, fetching, about=pin.gzip_bytes, limit=pin.tar_bytes)
        try:
            with operation.within(0.8, 1.0) as unpacking:
                _unpack(part, place, pin, unpacking, url)
        except BuildError:
            part.unlink(missing_ok=True)
            if attempt == 2 or not resumed:
                raise
            operation.log("The two parts of the download do not belong together; it begins anew.")
        else:
            part.unlink(missing_ok=True)
            return


def _from_folder(folder: Path, place: Path, operation: Operation) -> None:
    """Copy a tree with the libraries that are built in it, without objects and history."""
    tree = tflm.read_tree(folder.absolute())
    operation.part("tflm-get", f"Copying TensorFlow Lite Micro from {folder}")
    for note in tflm.check_tree(tree):
        operation.log(note)
    if folder.resolve() == place.resolve():
        return
    count = 0

    def leave_out(here: str, names: list[str]) -> set[str]:
        nonlocal count
        count += 1
        operation.progress(min(0.95, count / 1000), "Copying")
        if Path(here) == folder:
            return {".git"} & set(names)
        return set(names) - {"lib"} if Path(here).parent == folder / "gen" else set()

    with _fresh(place) as fresh, _disk(place):
        shutil.copytree(folder, fresh, symlinks=True, ignore=leave_out)
        if tree.commit:
            tflm.write_stamp(fresh, tree.commit, str(folder.absolute()))


def _unpack(archive: Path, place: Path, pin: TflmPin, operation: Operation, source: str) -> None:
    operation.progress(0.0, "Checking its SHA-256")
    _check_hash(archive, pin, operation)
    operation.progress(0.4, "Unpacking")
    with _fresh(place) as fresh:
        inside = fresh.with_name(fresh.name + "-unpacked")
        try:
            with _disk(place), _tar_bytes(archive) as raw, tarfile.open(fileobj=raw, mode="r|") as tar:
                for number, member in enumerate(tar):
                    if number % 50 == 0:
                        operation.progress(0.4 + 0.6 * member.offset / pin.tar_bytes, "Unpacking")
                    _check_member(member)
                    tar.extract(member, inside, **_FILTER)
            if not tflm.read_tree(inside / pin.root).is_tree:
                raise BuildError("sdk.archive", f"{source} holds no TensorFlow Lite Micro tree.", "Get another one.")
            with _disk(place):
                tflm.write_stamp(inside / pin.root, pin.commit, source)
                # TFLM's build clones all of pigweed, for the style checks of its own sources, unless it is there.
                (inside / pin.root / tflm.DOWNLOADS / "pigweed").mkdir(parents=True)
                (inside / pin.root).rename(fresh)
        except tarfile.TarError as error:
            text = f"{source} cannot be unpacked: {error}."
            raise BuildError("sdk.archive", text, "Get another one.", {"path": str(archive)}) from error
        finally:
            shutil.rmtree(inside, ignore_errors=True)


def _check_member(member: tarfile.TarInfo) -> None:
    """See that a member is a file, folder or link that stays in its archive; raises `tarfile.TarError`."""
    target = ""
    if member.issym():
        target = posixpath.join(posixpath.dirname(member.name), member.linkname)
    elif member.islnk():
        target = member.linkname
    for path in map(posixpath.normpath, (member.name, target)):
        if path.startswith(("/", "../")) or path == "..":
            raise tarfile.TarError(f"{member.name} leads out of it")
    if not (member.isreg() or member.isdir() or member.issym() or member.islnk()):
        raise tarfile.TarError(f"{member.name} is neither a file nor a folder")


def _check_hash(archive: Path, pin: TflmPin, operation: Operation) -> None:
    """Compare the archive under its compression: that may be of any program and level.

    Raises:
        BuildError: ``sdk.sha256``.
    """
    digest, count = hashlib.sha256(), 0
    with _disk(archive), _tar_bytes(archive) as raw:
        try:
            while count <= pin.tar_bytes and (chunk := raw.read(_CHUNK)):
                digest.update(chunk)
                count += len(chunk)
                operation.progress(0.4 * count / pin.tar_bytes, "Checking its SHA-256")
        except (gzip.BadGzipFile, zlib.error, EOFError):
            count = 0
    found = digest.hexdigest()
    if count != pin.tar_bytes or found != pin.tar_sha256:
        text = f"{archive.name} is not the archive of TensorFlow Lite Micro {pin.short}, or it is damaged."
        hint = f"Get it again, or name an archive of that commit, such as from {pin.url}."
        data = {"path": str(archive), "sha256": found, "wanted": pin.tar_sha256}
        raise BuildError("sdk.sha256", text, hint, data)


@contextmanager
def _tar_bytes(archive: Path) -> Iterator[IO[bytes] | gzip.GzipFile]:
    """An archive's bytes without its compression."""
    with archive.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        if not packed:
            yield file
            return
        with gzip.GzipFile(fileobj=file) as unpacked:
            yield unpacked


@contextmanager
def _fresh(place: Path) -> Iterator[Path]:
    """A path beside `place` that takes its place when the block ends well; nothing is left of it otherwise."""
    with _disk(place.parent):
        scratch = Path(tempfile.mkdtemp(prefix=".get-", dir=place.parent))
    try:
        yield scratch / "tree"
        with _disk(place):
            if place.exists():
                place.rename(scratch / "old")
            try:
                (scratch / "tree").rename(place)
            except OSError:
                if (scratch / "old").exists():
                    (scratch / "old").rename(place)
                raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


@contextmanager
def _disk(path: Path) -> Iterator[None]:
    """What goes wrong with files, in the user's words."""
    try:
        yield
    except shutil.Error as error:
        # A copied folder's troubles come as words.
        if os.strerror(errno.ENOSPC) in str(error):
            raise file_error(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), path) from error
        name, _, why = error.args[0][0]
        raise ProjectError("file.failed", f"{name} cannot be copied: {why}.", "Check the disk.") from error
    except OSError as error:
        raise file_error(error, path) from error


def _need_room(pin: TflmPin) -> None:
    """Raises ``disk.full`` where the archive and its content have no room."""
    wanted = 2 * pin.tar_bytes
    free = shutil.disk_usage(sdk.home()).free
    if free < wanted:
        text = f"The disk is full: TensorFlow Lite Micro needs {wanted / 1e6:.0f} MB, and {free / 1e6:.0f} MB are free."
        raise ProjectError("disk.full", text, "Free some space and try again.", {"path": str(sdk.home())})
