"""Calls to addresses that users give: the address that was checked is dialled, whatever names and answers try."""

import asyncio
import contextlib
import datetime as dt
import gzip
import ssl
import zlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

import httpcore
import pytest
import structlog
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from prometheus_client import REGISTRY

from services.kit.destinations import Address, Limits, parse_networks
from services.kit.egress import Egress, Unanswered

HERE, THERE = "127.0.0.2", "127.0.0.3"
EMPTY = b"HTTP/1.1 204 No Content\r\n\r\n"
NAME = "hooks.example"


@dataclass
class Server:
    """A server on this machine that answers as it is told and remembers what it was asked."""

    reply: bytes | Callable[[asyncio.StreamWriter], object] = EMPTY
    asked: list[bytes] = field(default_factory=list)
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            head = await reader.readuntil(b"\r\n\r\n")
            self.asked.append(head)
            reply = self.reply if isinstance(self.reply, bytes) else b""
            writer.write(reply)
            if not isinstance(self.reply, bytes):
                await self.reply(writer)  # type: ignore[misc]  # a coroutine function
            await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def serving(
    reply: object = EMPTY, host: str = HERE, port: int = 0, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Server]:
    """Run a server."""
    server = Server(reply)  # type: ignore[arg-type]  # bytes or a coroutine function
    running = await asyncio.start_server(server.serve, host, port, ssl=tls)
    server.port = running.sockets[0].getsockname()[1]
    async with running:
        yield server


class Names:
    """A name server that gives one answer after the other and counts how often it was asked."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = [[ip_address(text) for text in answer] for answer in answers]
        self.asked = 0

    async def __call__(self, host: str, port: int) -> list[Address]:
        """Answer."""
        self.asked += 1
        if not self.answers:
            raise OSError(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextlib.asynccontextmanager
async def client(names: Names | None = None, allow: Sequence[str] = (HERE,), **more: object) -> AsyncIterator[Egress]:
    """Return a client that may call the first address of this machine only."""
    limits = Limits(frozenset({443}), parse_networks(allow))
    egress = Egress("contacts", limits, resolve=names or Names(), **more)  # type: ignore[arg-type]  # as the test says
    yield egress
    await egress.close()


async def refused(egress: Egress, url: str) -> str:
    """Return why a call was refused."""
    with pytest.raises(Unanswered) as failure:
        await egress.send("test", "GET", url)
    assert failure.value.outcome == "refused"
    return failure.value.reason


async def outcome(egress: Egress, url: str, **more: object) -> str:
    """Return how a call failed."""
    with pytest.raises(Unanswered) as failure:
        await egress.send("test", "GET", url, **more)  # type: ignore[arg-type]  # as the test says
    return failure.value.outcome


def answer(body: bytes, *headers: str, length: bool = True) -> bytes:
    """Return an HTTP answer."""
    lines = ["HTTP/1.1 200 OK", *headers, *([f"Content-Length: {len(body)}"] if length else ["Connection: close"])]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def test_a_call_arrives_as_it_was_meant() -> None:
    async with serving(answer(b"hello", "X-Seen: yes")) as server, client(Names([HERE])) as egress:
        found = await egress.send(
            "test", "POST", f"http://{NAME}:{server.port}/a?b=c", headers={"X-Own": "1", "Host": "evil"}, body=b"{}"
        )
    assert (found.status, found.body, found.headers["x-seen"]) == (200, b"hello", "yes")
    head = server.asked[0].lower()
    assert head.startswith(b"post /a?b=c http/1.1\r\n")
    assert f"host: {NAME}:{server.port}\r\n".encode() in head
    assert b"evil" not in head
    assert b"x-own: 1\r\n" in head
    assert b"accept-encoding: identity\r\n" in head


async def test_a_name_that_changes_its_address_after_the_check_leads_nowhere_else() -> None:
    names = Names([HERE], [THERE])
    async with (
        serving(answer(b"checked")) as server,
        serving(answer(b"trap"), THERE, server.port) as trap,
        client(names) as egress,
    ):
        found = await egress.send("test", "GET", f"http://{NAME}:{server.port}/")
        assert (found.body, names.asked) == (b"checked", 1)
        assert await refused(egress, f"http://{NAME}:{server.port}/") == "address"
    assert names.asked == 2
    assert trap.asked == []


async def test_exactly_the_address_that_was_checked_is_dialled() -> None:
    dialled: list[tuple[str, int]] = []

    class Watched(httpcore.AnyIOBackend):
        async def connect_tcp(self, host: str, port: int, *rest: object, **more: object) -> httpcore.AsyncNetworkStream:
            dialled.append((host, port))
            raise httpcore.ConnectError

    async with client(Names(["8.8.8.8", "1.1.1.1"]), allow=[], network=Watched()) as egress:
        assert await outcome(egress, f"https://{NAME}/") == "unreachable"
    assert dialled == [("8.8.8.8", 443), ("1.1.1.1", 443)]


@pytest.mark.parametrize(
    "trap", ["10.0.0.1", "127.0.0.1", "169.254.169.254", "::1", "::ffff:10.0.0.1", "64:ff9b::a00:1"]
)
async def test_one_bad_address_among_good_ones_is_enough(trap: str) -> None:
    async with client(Names(["8.8.8.8", trap]), allow=[]) as egress:
        assert await refused(egress, f"https://{NAME}/") == "address"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://127.0.0.1/", "address"),
        ("https://[::1]/", "address"),
        ("https://[::ffff:127.0.0.1]/", "address"),
        ("https://2130706433/", "host"),
        ("http://8.8.8.8/", "scheme"),
        ("https://8.8.8.8:22/", "port"),
        ("https://u:p@8.8.8.8/", "url"),
        ("file:///etc/passwd", "url"),
    ],
)
async def test_what_is_not_open_to_everybody_is_not_called(url: str, reason: str) -> None:
    async with client(allow=[]) as egress:
        assert await refused(egress, url) == reason


async def test_this_machine_is_not_called_by_its_name() -> None:
    limits = Limits(frozenset({443}))
    egress = Egress("contacts", limits)  # with the system's own name server
    assert await refused(egress, "https://localhost/") == "address"
    assert await refused(egress, "https://localhost./") == "address"
    await egress.close()


async def test_a_name_without_an_address_is_unresolved() -> None:
    async with client() as egress:
        assert await outcome(egress, f"https://{NAME}/") == "unresolved"


async def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    async with serving(answer(b"trap"), THERE) as trap:
        location = f"Location: http://{THERE}:{trap.port}/"
        reply = f"HTTP/1.1 302 Found\r\n{location}\r\nContent-Length: 0\r\n\r\n".encode()
        async with serving(reply) as server, client() as egress:
            found = await egress.send("test", "GET", f"http://{HERE}:{server.port}/")
    assert found.status == 302
    assert trap.asked == []


async def test_proxies_of_the_environment_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(answer(b"proxy"), THERE) as proxy, serving(answer(b"direct")) as server, client() as egress:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, f"http://{THERE}:{proxy.port}")
        found = await egress.send("test", "GET", f"http://{HERE}:{server.port}/")
    assert found.body == b"direct"
    assert proxy.asked == []


async def test_an_answer_is_no_larger_than_wanted() -> None:
    for reply in (answer(b"x" * 1001), answer(b"x" * 1001, length=False)):
        async with serving(reply) as server, client() as egress:
            assert await outcome(egress, f"http://{HERE}:{server.port}/", most_bytes=1000) == "too_large"
    async with serving(answer(b"x" * 1000)) as server, client() as egress:
        assert len((await egress.send("test", "GET", f"http://{HERE}:{server.port}/", most_bytes=1000)).body) == 1000


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
async def test_a_bomb_is_not_unpacked(pack: Callable[[bytes], bytes]) -> None:
    name = "gzip" if pack is gzip.compress else "deflate"
    bomb = pack(b"0" * 50_000_000)
    assert len(bomb) < 100_000
    async with serving(answer(bomb, f"Content-Encoding: {name}")) as server, client() as egress:
        assert await outcome(egress, f"http://{HERE}:{server.port}/", most_bytes=100_000) == "too_large"
    async with serving(answer(pack(b"small"), f"Content-Encoding: {name}")) as server, client() as egress:
        assert (await egress.send("test", "GET", f"http://{HERE}:{server.port}/")).body == b"small"


async def test_a_packing_that_we_do_not_know_is_refused_and_a_broken_one_garbled() -> None:
    async with serving(answer(b"x", "Content-Encoding: br")) as server, client() as egress:
        assert await refused(egress, f"http://{HERE}:{server.port}/") == "content_encoding"
    async with serving(answer(b"no gzip", "Content-Encoding: gzip")) as server, client() as egress:
        assert await outcome(egress, f"http://{HERE}:{server.port}/") == "garbled"


async def test_what_is_no_http_is_garbled() -> None:
    async with serving(b"SSH-2.0-OpenSSH\r\n") as server, client() as egress:
        assert await outcome(egress, f"http://{HERE}:{server.port}/") == "garbled"


async def test_one_who_answers_drop_by_drop_is_given_up() -> None:
    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(answer(b"", length=False))
        for _ in range(1000):
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)

    async with serving(drip) as server, client() as egress:
        began = asyncio.get_running_loop().time()
        assert await outcome(egress, f"http://{HERE}:{server.port}/", seconds=0.3) == "timeout"
        assert asyncio.get_running_loop().time() - began < 25


async def test_one_who_does_not_answer_is_given_up() -> None:
    given_up = asyncio.Event()

    async def wait(_: asyncio.StreamWriter) -> None:
        await given_up.wait()

    async with serving(wait) as server, client() as egress:
        assert await outcome(egress, f"http://{HERE}:{server.port}/", seconds=0.2) == "timeout"
        given_up.set()


async def test_nobody_there_is_unreachable() -> None:
    async with serving() as server:
        port = server.port
    async with client() as egress:
        assert await outcome(egress, f"http://{HERE}:{port}/") == "unreachable"


async def test_log_and_measurement_tell_neither_path_nor_query() -> None:
    labels = {"service": "contacts", "purpose": "secretive", "outcome": "ok"}
    before = REGISTRY.get_sample_value("kith_egress_seconds_count", labels) or 0
    async with serving() as server, client() as egress:
        with structlog.testing.capture_logs() as lines:
            await egress.send("secretive", "GET", f"http://{HERE}:{server.port}/hidden-path?token=hidden-query")
    assert [line["event"] for line in lines] == ["egress"]
    assert (lines[0]["host"], lines[0]["outcome"], lines[0]["status"]) == (HERE, "ok", 204)
    assert "hidden" not in str(lines)
    assert REGISTRY.get_sample_value("kith_egress_seconds_count", labels) == before + 1


def certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return the TLS of a server of that name, and of a client that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{name}.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    return server, ssl.create_default_context(cafile=str(file))


async def test_tls_speaks_to_the_name_and_not_to_the_address(tmp_path: Path) -> None:
    tls, trust = certificate(tmp_path, NAME)
    wanted: list[str | None] = []
    tls.sni_callback = lambda _, name, __: wanted.append(name)
    async with (
        serving(answer(b"safe"), tls=tls) as server,
        client(Names([HERE]), tls=trust) as egress,
    ):
        assert (await egress.send("test", "GET", f"https://{NAME}:{server.port}/")).body == b"safe"
        assert wanted == [NAME]
        assert await outcome(egress, f"https://other.example:{server.port}/") == "unreachable"


async def test_an_unknown_certificate_is_not_believed(tmp_path: Path) -> None:
    tls, _ = certificate(tmp_path, NAME)
    async with serving(answer(b"x"), tls=tls) as server, client(Names([HERE])) as egress:
        assert await outcome(egress, f"https://{NAME}:{server.port}/") == "unreachable"
    assert server.asked == []
