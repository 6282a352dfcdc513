"""An HTTP server on this machine with one file, which can be told to behave badly."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@dataclass
class FileServer:
    """The file lies at `address`; another address of this server leads there."""

    port: int
    content: bytes
    knows_ranges: bool = True
    tells_length: bool = True
    breaks_off_after: int | None = None
    """Bytes of an answer."""
    status: int | None = None
    """Answered instead of the file."""
    asked: list[str | None] = field(default_factory=list)
    """The range that each request for the file asked for."""

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/file"

    @property
    def redirecting_address(self) -> str:
        return f"http://127.0.0.1:{self.port}/moved"


@contextmanager
def running_file_server(content: bytes) -> Iterator[FileServer]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Nothing."""

        def do_GET(self) -> None:
            if self.path == "/moved":
                self.send_response(302)
                self.send_header("Location", shelf.address)
                self.end_headers()
                return
            asked = self.headers.get("Range")
            shelf.asked.append(asked)
            begin = int(re.fullmatch(r"bytes=(\d+)-", asked)[1]) if asked and shelf.knows_ranges else 0  # type: ignore[index]  # the test fails by the error
            if shelf.status is not None:
                self.send_error(shelf.status)
            elif begin and begin >= len(shelf.content):
                self.send_error(416)
            else:
                self._send(begin, partly=bool(asked) and shelf.knows_ranges)

        def _send(self, begin: int, *, partly: bool) -> None:
            body = shelf.content[begin:]
            self.send_response(206 if partly else 200)
            if partly:
                whole = len(shelf.content)
                self.send_header("Content-Range", f"bytes {begin}-{whole - 1}/{whole}")
            if shelf.tells_length:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(ConnectionError):  # the other side has seen enough
                self.wfile.write(body[: shelf.breaks_off_after])

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        shelf = FileServer(server.server_port, content)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield shelf
        finally:
            server.shutdown()
            thread.join()
