"""Downloads one file over HTTP: with progress and cancel, and going on where an earlier attempt stopped."""

from __future__ import annotations

import http.client
import json
import queue
import re
import threading
import urllib.error
import urllib.request
from contextlib import closing
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from motestudio import __version__
from motestudio.domain.units import format_bytes
from motestudio.errors import BuildError, MissingError
from motestudio.project.files import file_error
from motestudio.studio.operation import Operation

TIMEOUT_S = 30.0
"""Of silence, until a server counts as gone."""
_CHUNK = 64 * 1024
_LOOK_S = 0.1


def download(url: str, part: Path, operation: Operation, *, about: int = 0, limit: int) -> bool:
    """Bring the whole file into `part`.

    Args:
        url: http or https.
        part: what an earlier attempt left is kept and completed where the server can do that; the file stays when this
            one ends early. A second file beside it says which server file it is.
        operation: progress and cancel.
        about: size in bytes to reckon with where the server does not say one.
        limit: more bytes than that are not taken.

    Returns:
        Whether an earlier attempt's bytes were used.

    Raises:
        MissingError: ``sdk.no_network``, ``sdk.http``, ``sdk.interrupted``.
        BuildError: ``sdk.url``: no address of a web server; ``sdk.too_big``.
        ProjectError: the disk does not take it.
        Cancelled: by the operation.
    """
    host = _host(url)
    note = part.with_name(part.name + ".json")
    begun = _begun(part, note, url)
    headers = {"User-Agent": f"motestudio/{__version__}", "Accept-Encoding": "identity"}
    if begun:
        headers["Range"] = f"bytes={begun[0]}-"
        if begun[1]:
            headers["If-Range"] = begun[1]
    operation.progress(0.0, f"Asking {host}")
    reader = _Reader(urllib.request.Request(url, headers=headers))  # noqa: S310 - http and https only
    try:
        answer = reader.answer(operation)
        offset = _offset(answer, begun[0] if begun else 0)
        if offset < 0 and begun is None:
            text = f"{host} answered {answer.status} to a request for the whole file."
            raise MissingError("sdk.http", text, "Check the address, or try again later.", {"status": answer.status})
        if offset < 0:
            part.unlink(missing_ok=True)
            return download(url, part, operation, about=about, limit=limit)
        if answer.status == 416:
            note.unlink(missing_ok=True)
            return True
        length = answer.headers.get("Content-Length", "")
        total = offset + int(length) if re.fullmatch(r"[0-9]{1,15}", length) else 0
        try:
            if not offset:
                note.write_text(json.dumps({"url": url, "tag": _strong_tag(answer)}), encoding="utf-8")
            with part.open("r+b" if offset else "wb") as file:
                file.seek(offset)
                got = _pour(reader, file, offset, total, about, limit, operation)
                file.truncate()
        except OSError as error:
            raise file_error(error, part) from error
        except BuildError:
            part.unlink(missing_ok=True)
            raise
        if got < total:
            raise _interrupted(host, got, total)
        note.unlink(missing_ok=True)
        return offset > 0
    finally:
        reader.stop()


def _host(url: str) -> str:
    try:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0:
            return parts.hostname
    except ValueError:
        pass
    raise BuildError("sdk.url", f"{url} is no http or https address.", "Name a file with --from instead.")


def _pour(reader: _Reader, file: IO[bytes], got: int, total: int, about: int, limit: int, operation: Operation) -> int:
    """Write what comes; the file's size at the end."""
    whole = total or about
    while chunk := reader.chunk(operation, got, total):
        if got + len(chunk) > limit:
            text = f"The server sends more than {format_bytes(limit)}, which is not the file that was asked for."
            raise BuildError("sdk.too_big", text, "Check the address.")
        file.write(chunk)
        got += len(chunk)
        of = f" of {format_bytes(total)}" if total else ""
        operation.progress(min(1.0, got / whole) if whole else 0.0, f"{format_bytes(got)}{of}")
    return got


def _begun(part: Path, note: Path, url: str) -> tuple[int, str] | None:
    """Size and tag of what an earlier attempt left of this very address."""
    try:
        body: Any = json.loads(note.read_text(encoding="utf-8"))
        size = part.stat().st_size
        if size and isinstance(body, dict) and body.get("url") == url:
            tag = body.get("tag")
            return size, tag if isinstance(tag, str) and tag.isascii() and tag.isprintable() else ""
    except (OSError, ValueError, RecursionError):
        return None
    return None


def _offset(answer: http.client.HTTPResponse | urllib.error.HTTPError, asked: int) -> int:
    """Where the answer's bytes belong; -1 where what is here does not fit what the server has."""
    place = answer.headers.get("Content-Range", "")
    if answer.status == 206:
        return asked if place.startswith(f"bytes {asked}-") else -1
    if answer.status == 416:
        return asked if asked and place == f"bytes */{asked}" else -1
    return 0


def _strong_tag(answer: http.client.HTTPResponse | urllib.error.HTTPError) -> str:
    """An entity tag that If-Range may have: a weak one does not promise the same bytes."""
    tag = answer.headers.get("ETag", "")
    return tag if tag.startswith('"') else ""


def _interrupted(host: str, got: int, total: int) -> MissingError:
    of = f" of {format_bytes(total)}" if total else ""
    text = f"{host} ended the download after {format_bytes(got)}{of}."
    return MissingError("sdk.interrupted", text, "Run it again: it goes on from there.", {"bytes": got, "total": total})


class _Reader:
    """Asks and reads in a thread of its own, so that a server's silence does not hold up a cancel."""

    def __init__(self, request: urllib.request.Request) -> None:
        self._host = request.host
        self._queue: queue.Queue[Any] = queue.Queue(8)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(request,), name="mote-download", daemon=True)
        self._thread.start()

    def answer(self, operation: Operation) -> http.client.HTTPResponse | urllib.error.HTTPError:
        """The server's answer: success, or that the range is not there."""
        found = self._next(operation)
        if isinstance(found, urllib.error.HTTPError) and found.code != 416:
            text = f"{self._host} answered {found.code} {found.reason}."
            raise MissingError("sdk.http", text, "Check the address, or try again later.", {"status": found.code})
        if isinstance(found, Exception) and not isinstance(found, urllib.error.HTTPError):
            reason = getattr(found, "reason", None) or found
            text = f"{self._host} cannot be reached: {reason}."
            hint = "Connect to the internet and try again, or get it offline with: mote sdk get --from FILE_OR_FOLDER."
            raise MissingError("sdk.no_network", text, hint, {"host": self._host}) from found
        assert isinstance(found, http.client.HTTPResponse | urllib.error.HTTPError)
        return found

    def chunk(self, operation: Operation, got: int, total: int) -> bytes:
        """The next bytes; none at the end."""
        found = self._next(operation)
        if isinstance(found, Exception):
            raise _interrupted(self._host, got, total) from found
        assert isinstance(found, bytes)
        return found

    def stop(self) -> None:
        """Read no more; the thread ends at the latest when the server has been silent for `TIMEOUT_S`."""
        self._stop.set()

    def _next(self, operation: Operation) -> Any:
        while True:
            operation.check()
            try:
                return self._queue.get(timeout=_LOOK_S)
            except queue.Empty:
                if not self._thread.is_alive() and self._queue.empty():
                    return OSError("the download ended by itself")

    def _put(self, item: object) -> None:
        while not self._stop.is_set():
            try:
                self._queue.put(item, timeout=_LOOK_S)
            except queue.Full:
                continue
            return

    def _run(self, request: urllib.request.Request) -> None:
        try:
            with closing(urllib.request.urlopen(request, timeout=TIMEOUT_S)) as answer:  # noqa: S310 - see above
                self._put(answer)
                while not self._stop.is_set():
                    chunk = answer.read(_CHUNK)
                    self._put(chunk)
                    if not chunk:
                        return
        except urllib.error.HTTPError as error:
            error.close()
            self._put(error)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._put(error)
