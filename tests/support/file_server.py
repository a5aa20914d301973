"""A web server on this computer that serves one file, well or badly."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class FileServer:
    """How the server behaves; may be changed while it runs.

    Attributes:
        content: of the file.
        ranges: whether it can begin in the middle.
        cut_at: bytes of an answer's body after which it hangs up; 0 sends all.
        stall: set, it sends half an answer and then nothing until `release` is set.
        tag: entity tag.
        status: of a plain answer.
        sized: whether it says how much it sends.
        asked: the Range header of each request.
    """

    content: bytes
    ranges: bool = True
    cut_at: int = 0
    stall: bool = False
    tag: str = '"one"'
    status: int = 200
    sized: bool = True
    asked: list[str] = field(default_factory=list)
    release: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Serve one request."""
        wanted = handler.headers.get("Range", "")
        self.asked.append(wanted)
        match = re.fullmatch(r"bytes=(\d+)-", wanted)
        same = handler.headers.get("If-Range", self.tag) == self.tag
        start = int(match[1]) if match and self.ranges and same else 0
        if start and start >= len(self.content):
            handler.send_response(416)
            handler.send_header("Content-Range", f"bytes */{len(self.content)}")
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        body = self.content[start:]
        handler.send_response(206 if start else self.status)
        if start:
            handler.send_header("Content-Range", f"bytes {start}-{len(self.content) - 1}/{len(self.content)}")
        if self.sized:
            handler.send_header("Content-Length", str(len(body)))
        handler.send_header("ETag", self.tag)
        handler.end_headers()
        end = self.cut_at or len(body)
        half = min(len(body) // 2, end) if self.stall else 0
        if half:
            handler.wfile.write(body[:half])
            handler.wfile.flush()
            self.release.wait(30)
        handler.wfile.write(body[half:end])


@contextmanager
def serve(content: bytes) -> Iterator[FileServer]:
    """A server for the length of a ``with`` block."""
    behaviour = FileServer(content)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            behaviour.answer(self)
            self.close_connection = True

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        behaviour.url = f"http://127.0.0.1:{server.server_port}/tflm.tar.gz"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield behaviour
        finally:
            behaviour.release.set()
            server.shutdown()
            thread.join()
