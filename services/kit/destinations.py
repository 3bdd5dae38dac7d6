"""Where Kith may call when a user names the address: what a URL says, and which IP addresses are open to everybody."""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

import idna

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

LONGEST_URL = 2048
HIGHEST_PORT = 65_535
DEFAULT_PORTS = {"https": 443, "http": 80}
# Stricter than any standard: what two parsers could read differently is no address.
URL = re.compile(
    r"(?i:(?P<scheme>https?))://(?P<host>\[[^\]%\s]+\]|[^\[\]/?#\\@%:\s]+)(:(?P<port>[0-9]{1,5}))?(?P<path>[/?].*)?"
)
UNWANTED = re.compile(r"[\x00-\x20\x7f\\]|#")
LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
NUMBER = re.compile(r"\d+|0x[0-9a-f]*")
LONGEST_NAME = 253
PATH_AS_IT_IS = "/?&=%:@!$'()*+,;~-._[]|^`{}\"<>"

# IANA's registries of special purpose addresses, as far as they are not reachable by everybody or lead on to others.
CLOSED_V4 = tuple(
    map(
        ipaddress.IPv4Network,
        (
            "0.0.0.0/8",  # this network, unspecified
            "10.0.0.0/8",
            "100.64.0.0/10",  # carriers' translation; also some clouds' metadata
            "127.0.0.0/8",
            "168.63.129.16/32",  # the host of virtual machines in one cloud
            "169.254.0.0/16",  # link-local; most clouds' metadata
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.31.196.0/24",
            "192.52.193.0/24",
            "192.88.99.0/24",  # relays to 6to4
            "192.168.0.0/16",
            "192.175.48.0/24",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, broadcast
        ),
    )
)
# Everything else of IPv6 is loopback, private, link-local, multicast, IPv4 in disguise, or not given to anybody.
OPEN_V6 = ipaddress.IPv6Network("2000::/3")
CLOSED_V6 = tuple(
    map(
        ipaddress.IPv6Network,
        (
            "2001::/23",  # protocol assignments: Teredo, ORCHID, benchmarks
            "2001:db8::/32",
            "2002::/16",  # 6to4: IPv4 in disguise
            "2620:4f:8000::/48",
            "3fff::/20",
        ),
    )
)


class Refused(Exception):
    """An address that Kith does not call; `reason` says why, in a word."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Destination:
    """What a URL names, in one spelling: the host in ASCII and lower case, the port as a number."""

    scheme: str
    host: str
    port: int
    path: str
    """With the query; begins with a slash."""

    @property
    def authority(self) -> str:
        """The value of the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @classmethod
    def parse(cls, url: str) -> "Destination":
        """Return what a URL names; Refused where it is none, names somebody to log in as, or hides its host."""
        parts = URL.fullmatch(url)
        if parts is None or len(url) > LONGEST_URL or UNWANTED.search(url):
            raise Refused("url")
        scheme = parts["scheme"].lower()
        port = int(parts["port"] or DEFAULT_PORTS[scheme])
        if not 1 <= port <= HIGHEST_PORT:
            raise Refused("url")
        path = quote(parts["path"] or "/", safe=PATH_AS_IT_IS)
        return cls(scheme, plain_host(parts["host"]), port, path if path.startswith("/") else f"/{path}")


@dataclass(frozen=True, slots=True)
class Limits:
    """Which destinations are let through."""

    ports: frozenset[int]
    allowed: tuple[Network, ...] = ()
    """Networks of the operator's own: anything in them may be called, also without TLS and on any port."""

    def check(self, address: Address, port: int, *, secure: bool) -> None:
        """Raise Refused unless an address may be dialled on a port."""
        if any(address in network for network in self.allowed):
            return
        if not is_public(address):
            raise Refused("address")
        if not secure:
            raise Refused("scheme")
        if port not in self.ports:
            raise Refused("port")

    def check_url(self, url: str) -> None:
        """Raise Refused for a URL that will never be called, without asking whom its name belongs to."""
        destination = Destination.parse(url)
        address = as_address(destination.host)
        if address is not None:
            self.check(address, destination.port, secure=destination.scheme == "https")
        elif not self.allowed:
            if destination.scheme != "https":
                raise Refused("scheme")
            if destination.port not in self.ports:
                raise Refused("port")


def plain_host(text: str) -> str:
    """Return a host as one name or address; Refused for numbers that only some programs read as an address."""
    if text.startswith("["):
        try:
            return str(ipaddress.IPv6Address(text[1:-1]))
        except ValueError:
            raise Refused("host") from None
    try:
        name = text if text.isascii() else idna.encode(text, uts46=True).decode()
    except idna.IDNAError:
        raise Refused("host") from None
    name = name.lower().removesuffix(".")
    labels = name.split(".")
    if NUMBER.fullmatch(labels[-1]):
        try:
            return str(ipaddress.IPv4Address(name))
        except ValueError:
            raise Refused("host") from None
    if len(name) > LONGEST_NAME or not all(map(LABEL.fullmatch, labels)):
        raise Refused("host")
    return name


def as_address(host: str) -> Address | None:
    """Return the address that a host is, None for a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def is_public(address: Address) -> bool:
    """Tell whether an address belongs to the open internet: not this machine, not a private network, not a disguise."""
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in CLOSED_V4)
    return address in OPEN_V6 and not any(address in network for network in CLOSED_V6)


def parse_networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """Return networks such as `10.20.0.0/16` or single addresses; ValueError for what is neither."""
    return tuple(map(ipaddress.ip_network, texts))
