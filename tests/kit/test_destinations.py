"""Which addresses may be called: no spelling leads to a machine of ours."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kit.destinations import Destination, Limits, Refused, is_public, parse_networks

OPEN = Limits(frozenset({443}))
OWN = Limits(frozenset({443}), parse_networks(["10.20.0.0/16", "127.0.0.1"]))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://hooks.example", ("https", "hooks.example", 443, "/")),
        ("HTTPS://Hooks.Example.:8443/a?b=c", ("https", "hooks.example", 8443, "/a?b=c")),
        ("https://hooks.example?x=1", ("https", "hooks.example", 443, "/?x=1")),
        ("http://[2606:4700::1]:80/x", ("http", "2606:4700::1", 80, "/x")),
        ("https://8.8.8.8/", ("https", "8.8.8.8", 443, "/")),
        ("https://bücher.example/ü", ("https", "xn--bcher-kva.example", 443, "/%C3%BC")),
        ("https://x.example/a@b:c//d", ("https", "x.example", 443, "/a@b:c//d")),
        ("https://１２７.0.0.1/", ("https", "127.0.0.1", 443, "/")),
        ("https://[::ffff:127.0.0.1]/", ("https", "::ffff:7f00:1", 443, "/")),
    ],
)
def test_a_url_is_read_in_one_way(url: str, expected: tuple[str, str, int, str]) -> None:
    found = Destination.parse(url)
    assert (found.scheme, found.host, found.port, found.path) == expected


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.example",
        "ftp://hooks.example/",
        "file:///etc/passwd",
        "https://",
        "https:///x",
        "https://user@hooks.example/",
        "https://user:pass@hooks.example/",
        "https://hooks.example@127.0.0.1/",
        "https://hooks.example:443@127.0.0.1/",
        "https://127.0.0.1\\@hooks.example/",
        "https://hooks.example\\.evil.example/",
        "https://hooks.example#@127.0.0.1/",
        "https://hooks.example/\r\nHost: other",
        "https://hooks .example/",
        "https://hooks.example\t/",
        "https://%31%32%37.0.0.1/",
        "https://hooks.example:0/",
        "https://hooks.example:65536/",
        "https://hooks.example:x/",
        "https://hooks.example:443:443/",
        "https://[::1",
        "https://[::1]x/",
        "https://[fe80::1%25eth0]/",
        "https://[127.0.0.1]/",
        "https://-x.example/",
        "https://a..example/",
        "https://" + "a" * 64 + ".example/",
        "https://" + "a." * 130 + "example/",
        "https://x.example/" + "a" * 2048,
        # numbers that some programs read as 127.0.0.1
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.0.0.1/",
        "https://017700000001/",
        "https://0177.0.0.1/",
        "https://127.1/",
        "https://127.0.1/",
        "https://127.0.0.01/",
        "https://1.2.3.4.5/",
        "https://256.1.1.1/",
        "https://0x/",
        "https://x.example.0x7f/",
        "https://①②⑦.1/",
    ],
)
def test_what_could_be_read_in_two_ways_is_no_address(url: str) -> None:
    with pytest.raises(Refused):
        Destination.parse(url)


@given(st.text(max_size=60))
def test_no_text_makes_it_fail_otherwise(text: str) -> None:
    for url in (text, f"https://{text}", f"https://x.example/{text}"):
        try:
            found = Destination.parse(url)
        except Refused:
            continue
        assert found.host.isascii()
        assert found.path.startswith("/")
        assert found.path.isascii()
        assert not set("\r\n \t") & set(found.host + found.path)


def test_the_host_header_names_a_port_that_is_not_the_usual_one() -> None:
    assert Destination.parse("https://x.example:443/").authority == "x.example"
    assert Destination.parse("https://x.example:8443/").authority == "x.example:8443"
    assert Destination.parse("https://[2606:4700::1]/").authority == "[2606:4700::1]"


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "100.63.255.255", "172.32.0.1", "2606:4700::1111", "2a00::1"]
)
def test_the_open_internet_may_be_called(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104 - an address to refuse
        "0.1.2.3",
        "10.0.0.1",
        "100.64.0.1",
        "100.100.100.200",
        "127.0.0.1",
        "127.255.255.254",
        "168.63.129.16",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.192",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "::ffff:0:127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:0:7f00:1::",
        "2001:10::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:808:808::",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ],
)
def test_nothing_else_may(address: str) -> None:
    assert not is_public(ip_address(address))
    with pytest.raises(Refused, match="address"):
        OPEN.check(ip_address(address), 443, secure=True)


@given(st.ip_addresses())
def test_what_python_calls_private_is_never_public(address: object) -> None:
    found = ip_address(str(address))
    if is_public(found):
        assert found.is_global
        assert not (found.is_multicast)
        assert not (found.is_reserved)
        assert not (found.is_loopback)
        assert not (found.is_link_local)


def test_without_tls_or_on_another_port_nobody_outside_is_called() -> None:
    OPEN.check(ip_address("8.8.8.8"), 443, secure=True)
    with pytest.raises(Refused, match="scheme"):
        OPEN.check(ip_address("8.8.8.8"), 443, secure=False)
    with pytest.raises(Refused, match="port"):
        OPEN.check(ip_address("8.8.8.8"), 22, secure=True)


def test_networks_of_the_operators_own_may_be_called_anyhow() -> None:
    OWN.check(ip_address("10.20.3.4"), 8080, secure=False)
    OWN.check(ip_address("127.0.0.1"), 8080, secure=False)
    for other in ("10.21.0.1", "127.0.0.2", "::ffff:127.0.0.1"):
        with pytest.raises(Refused):
            OWN.check(ip_address(other), 443, secure=True)


@pytest.mark.parametrize(
    ("limits", "url", "reason"),
    [
        (OPEN, "https://hooks.example/", None),
        (OPEN, "http://hooks.example/", "scheme"),
        (OPEN, "https://hooks.example:22/", "port"),
        (OPEN, "https://127.0.0.1/", "address"),
        (OPEN, "https://2130706433/", "host"),
        (OWN, "http://127.0.0.1:9/", None),
        (OWN, "http://crm.internal:9/", None),
        (OWN, "https://127.0.0.2/", "address"),
    ],
)
def test_an_address_that_will_never_do_is_known_before_it_is_called(
    limits: Limits, url: str, reason: str | None
) -> None:
    if reason is None:
        limits.check_url(url)
        return
    with pytest.raises(Refused, match=reason):
        limits.check_url(url)


def test_a_network_with_host_bits_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="host bits"):
        parse_networks(["10.20.0.1/16"])
