"""The real edge before servers that write down every byte they get."""

import asyncio
import ipaddress
import os
import shutil
import signal
import ssl
import subprocess
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from deploy.local.ports import LOOPBACK, free_port
from tests.waiting import until

FOLDER = Path(__file__).resolve().parents[2] / "deploy" / "edge"
NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin")
START_SECONDS = 60.0
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Request-Id: from-the-service\r\n\r\n{}"


@dataclass
class Request:
    """A request as it came over the wire."""

    line: str
    headers: dict[str, str]
    body: bytes


Answer = Callable[[Request, asyncio.StreamWriter], Awaitable[None]]


async def say_ok(_: Request, writer: asyncio.StreamWriter) -> None:
    """Answer 200."""
    writer.write(OK)
    await writer.drain()


@dataclass
class Recorder:
    """A process behind the edge."""

    name: str
    answer: Answer = say_ok
    requests: list[Request] = field(default_factory=list)
    port: int = 0
    _server: asyncio.Server | None = None
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, LOOPBACK, self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for writer in list(self._open):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            while True:
                request = await read_request(reader)
                self.requests.append(request)
                await self.answer(request, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._open.discard(writer)
            writer.close()


async def read_request(reader: asyncio.StreamReader) -> Request:
    """Read one request with a body of known length, or in chunks."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    line, *lines = head.rstrip("\r\n").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (each.partition(":") for each in lines)}
    if headers.get("transfer-encoding") == "chunked":
        return Request(line, headers, await read_chunks(reader))
    return Request(line, headers, await reader.readexactly(int(headers.get("content-length", "0"))))


async def read_chunks(reader: asyncio.StreamReader) -> bytes:
    """Read a chunked body to its end."""
    body = b""
    while size := int((await reader.readuntil(b"\r\n")).strip(), 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readexactly(2)
    return body


class Edge:
    """nginx with the files of the repository; only addresses and folders are those of the test."""

    def __init__(self, folder: Path, upstreams: dict[str, list[int]], listen: str = "listen.conf") -> None:
        self.folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        for name in ("nginx.conf", listen, "upstreams.conf"):
            text = (FOLDER / name).read_text().replace("/tmp/", f"{folder}/").replace("/run/secrets/", f"{folder}/")  # noqa: S108 - names them to move them
            for port in ("8080", "8443"):
                text = text.replace(f"listen {port}", f"listen {LOOPBACK}:{self.port}")
            for upstream, ports in upstreams.items():
                servers = " ".join(f"server {LOOPBACK}:{port} max_fails=3 fail_timeout=2s;" for port in ports)
                text = text.replace(f"server {upstream}:8080 max_fails=3 fail_timeout=2s;", servers)
            target = "listen.conf" if name == listen else name
            (folder / target).write_text(text)

    def check(self) -> subprocess.CompletedProcess[str]:
        """Let nginx say what it thinks of the files."""
        return subprocess.run([*self._command(), "-t"], capture_output=True, text=True, check=False)

    def __enter__(self) -> Self:
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(self._command(), stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + START_SECONDS
        while not (self.folder / "nginx.pid").exists():
            assert self._process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, "nginx did not start"
            time.sleep(0.02)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(START_SECONDS)

    @property
    def log(self) -> Path:
        """What nginx has said, requests and errors alike."""
        return self.folder / "log"

    async def lines(self, number: int) -> list[str]:
        """Return the lines of the log as soon as there are so many: nginx writes them after the answers."""

        async def written() -> bool:
            return len(self.log.read_text().splitlines()) >= number

        await until(written)
        return self.log.read_text().splitlines()

    async def send(self, raw: bytes, tls: ssl.SSLContext | None = None) -> tuple[str, dict[str, str], bytes]:
        """Send bytes as they are; return status line, headers and body of the answer."""
        reader, writer = await asyncio.open_connection(LOOPBACK, self.port, ssl=tls)
        writer.write(raw)
        await writer.drain()
        answer = await read_request(reader)
        writer.close()
        return answer.line, answer.headers, answer.body

    def _command(self) -> list[str]:
        # As root, nginx would hand its workers to a user that may not enter the test's folder.
        directives = "daemon off;" + (" user root;" if os.geteuid() == 0 else "")
        assert NGINX is not None
        return [NGINX, "-e", "stderr", "-p", str(self.folder), "-c", str(self.folder / "nginx.conf"), "-g", directives]


def request(method: str, target: str, headers: dict[str, str] | None = None, body: bytes = b"") -> bytes:
    """Return the bytes of a request, its target exactly as given."""
    lines = {"Host": "kith.example", "Content-Length": str(len(body))} | (headers or {})
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"{method} {target} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + body


def make_certificate(folder: Path) -> ssl.SSLContext:
    """Write a certificate for this machine where the edge looks for it; return who trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "tls.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "tls.key").write_bytes(private)
    return ssl.create_default_context(cafile=str(folder / "tls.crt"))
