"""TLS in front of a PostgreSQL: the one that the tests bring along was built without."""

import asyncio
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from queue import SimpleQueue

import pytest
from psycopg.conninfo import conninfo_to_dict

ASKS_FOR_TLS = (80877103).to_bytes(4)
"""With what a client of PostgreSQL's begins, after a length."""


@contextmanager
def with_tls(url: str, folder: Path) -> Iterator[str]:
    """The same database through TLS, with a certificate that clients verify."""
    certificate, key = _certificate(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    behind = conninfo_to_dict(url)
    running: SimpleQueue[tuple[int, asyncio.AbstractEventLoop, asyncio.Event]] = SimpleQueue()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert (await reader.readexactly(8))[4:] == ASKS_FOR_TLS
        writer.write(b"S")
        await writer.start_tls(context)
        theirs, to_theirs = await _connected(str(behind["host"]), int(behind.get("port") or 5432))
        with closing(writer), closing(to_theirs), suppress(OSError):
            await asyncio.gather(_hand_on(reader, to_theirs), _hand_on(theirs, writer))

    async def run() -> None:
        over = asyncio.Event()
        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            running.put((server.sockets[0].getsockname()[1], asyncio.get_running_loop(), over))
            await over.wait()

    thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
    thread.start()
    port, loop, over = running.get(timeout=10)
    who = f"{behind['user']}:{behind.get('password') or ''}"
    try:
        yield (
            f"postgresql://{who}@127.0.0.1:{port}/{behind['dbname']}"
            f"?gssencmode=disable&sslmode=verify-full&sslrootcert={certificate}"
        )
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(10)


def _certificate(folder: Path) -> tuple[Path, Path]:
    """Of 127.0.0.1, signed by itself."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl here, which makes a certificate")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    what = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    whose = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    where = ["-out", str(certificate), "-keyout", str(key)]
    subprocess.run([openssl, "req", "-x509", *what, *whose, *where], check=True, capture_output=True)
    return certificate, key


async def _connected(host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if host.startswith("/"):
        return await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
    return await asyncio.open_connection(host, port)


async def _hand_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while some := await reader.read(65536):
        writer.write(some)
        await writer.drain()
    writer.close()
