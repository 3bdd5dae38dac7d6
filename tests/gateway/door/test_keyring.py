"""A good key opens, any other does not, and a revoked one stops at once."""

import asyncio
from datetime import timedelta
from random import Random
from uuid import UUID

import pytest

from gateway.door.keyring import Keyring, bearer
from gateway.keys.errors import KeyNotUsableHere
from gateway.keys.rules import checksum, make_key
from gateway.tokens.service import Tokens
from services.kit.clock import FixedClock
from services.kit.database import Database
from services.kit.destinations import Limits
from services.kit.egress import Egress
from services.kit.identity import IdentitySigner, IdentityVerifier
from services.kit.problems import Unauthorized
from services.kit.secrets import Vault
from tests import keys
from tests.gateway.conftest import Issue


@pytest.fixture
def seconds() -> list[float]:
    """The monotonic clock: change its one item."""
    return [0.0]


@pytest.fixture
def keyring(database: Database, vault: Vault, clock: FixedClock, seconds: list[float]) -> Keyring:
    signer = IdentitySigner("gateway", keys.private_key("gateway"), now=lambda: clock.now().timestamp())
    tokens = Tokens(database, clock, Egress("gateway", Limits(frozenset())), lambda: seconds[0], 5.0)
    return Keyring(database, vault, signer, tokens, clock, lambda: seconds[0], 5.0)


def header(key: str) -> bytes:
    return f"Bearer {key}".encode()


async def test_a_good_key_opens(keyring: Keyring, issue: Issue, workspace: UUID) -> None:
    holder = await keyring.open(header(await issue(scopes=["people:read"])), None, None)
    assert holder.identity.workspace_id == workspace
    assert holder.identity.scopes == {"people:read"}


@pytest.mark.parametrize("text", [None, b"", b"Bearer", b"Bearer x", b"Basic eDp5", b"Bearer \xff"])
async def test_other_texts_do_not(keyring: Keyring, text: bytes | None) -> None:
    with pytest.raises(Unauthorized):
        await keyring.open(text, None, None)


async def test_a_key_that_was_never_issued_does_not(keyring: Keyring, workspace: UUID) -> None:
    del workspace
    with pytest.raises(Unauthorized):
        await keyring.open(header(make_key("live", Random(7)).text), None, None)


async def test_a_right_id_with_another_secret_does_not(keyring: Keyring, issue: Issue) -> None:
    good = (await issue()).split("_")
    forged = make_key("live", Random(8)).text.split("_")
    start = f"kith_live_{good[2]}_{forged[3]}"
    with pytest.raises(Unauthorized):
        await keyring.open(header(f"{start}_{checksum(start)}"), None, None)


async def test_an_expired_key_does_not_even_while_it_is_remembered(
    keyring: Keyring, issue: Issue, clock: FixedClock
) -> None:
    key = header(await issue(expires_at=clock.now() + timedelta(seconds=1)))
    await keyring.open(key, None, None)
    clock.advance(timedelta(seconds=1))
    with pytest.raises(Unauthorized, match="expired"):
        await keyring.open(key, None, None)


async def test_a_revoked_key_is_refused_after_news_and_at_latest_after_seconds(
    keyring: Keyring, issue: Issue, database: Database, clock: FixedClock, seconds: list[float], workspace: UUID
) -> None:
    key = header(await issue())
    await keyring.open(key, None, None)
    async with database.worker() as session:
        await session.execute("UPDATE api_keys SET revoked_at = $1 WHERE workspace_id = $2", clock.now(), workspace)
    await keyring.open(key, None, None)
    seconds[0] = 5.0
    with pytest.raises(Unauthorized, match="revoked"):
        await keyring.open(key, None, None)


async def test_news_makes_it_look_again_at_once(
    keyring: Keyring, issue: Issue, database: Database, clock: FixedClock, workspace: UUID
) -> None:
    key = header(await issue())
    await keyring.open(key, None, None)
    async with database.worker() as session:
        await session.execute("UPDATE api_keys SET revoked_at = $1 WHERE workspace_id = $2", clock.now(), workspace)
    keyring.forget()
    with pytest.raises(Unauthorized):
        await keyring.open(key, None, None)


async def test_an_answer_that_was_under_way_when_it_was_told_to_forget_is_not_remembered(
    keyring: Keyring, issue: Issue, database: Database, clock: FixedClock, workspace: UUID
) -> None:
    key = header(await issue())
    opening = asyncio.create_task(keyring.open(key, None, None))
    await asyncio.sleep(0)
    keyring.forget()
    await opening
    async with database.worker() as session:
        await session.execute("UPDATE api_keys SET revoked_at = $1 WHERE workspace_id = $2", clock.now(), workspace)
    with pytest.raises(Unauthorized, match="revoked"):
        await keyring.open(key, None, None)


async def test_a_good_key_that_is_remembered_does_not_help_another_with_its_id(keyring: Keyring, issue: Issue) -> None:
    good = await issue()
    await keyring.open(header(good), None, None)
    start = f"kith_live_{good.split('_')[2]}_{make_key('live', Random(9)).text.split('_')[3]}"
    with pytest.raises(Unauthorized):
        await keyring.open(header(f"{start}_{checksum(start)}"), None, None)


async def test_a_bound_key_works_from_its_place_only(keyring: Keyring, issue: Issue) -> None:
    key = header(await issue(networks=["192.0.2.0/24"], origins=["https://app.example"]))
    await keyring.open(key, b"https://app.example", "192.0.2.7")
    with pytest.raises(KeyNotUsableHere, match="networks"):
        await keyring.open(key, b"https://app.example", "198.51.100.7")
    with pytest.raises(KeyNotUsableHere, match="origins"):
        await keyring.open(key, None, "192.0.2.7")


async def test_the_token_is_for_one_service_and_made_anew_before_it_ends(
    keyring: Keyring, issue: Issue, clock: FixedClock, seconds: list[float]
) -> None:
    holder = await keyring.open(header(await issue(scopes=["people:read"])), None, None)
    token = keyring.token(holder, "contacts")
    assert keyring.token(holder, "contacts") == token
    verifier = IdentityVerifier("contacts", keys.public_keys(), now=lambda: clock.now().timestamp())
    assert verifier.verify(token.decode()) == holder.identity
    stranger = IdentityVerifier("scoring", keys.public_keys(), now=lambda: clock.now().timestamp())
    with pytest.raises(Unauthorized):
        stranger.verify(token.decode())
    seconds[0] = 13.0
    assert keyring.token(holder, "contacts") == token
    clock.advance(timedelta(seconds=13))
    assert keyring.token(holder, "contacts") != token


@pytest.mark.parametrize("jump", [timedelta(hours=8), timedelta(hours=-8)])
async def test_the_token_holds_at_once_after_the_clock_was_set_or_the_machine_slept(
    keyring: Keyring, issue: Issue, clock: FixedClock, jump: timedelta
) -> None:
    holder = await keyring.open(header(await issue(scopes=["people:read"])), None, None)
    keyring.token(holder, "contacts")
    clock.advance(jump)
    verifier = IdentityVerifier("contacts", keys.public_keys(), now=lambda: clock.now().timestamp())
    assert verifier.verify(keyring.token(holder, "contacts").decode()) == holder.identity


def test_the_scheme_is_read_in_any_case() -> None:
    assert bearer(b"bearer  abc ") == "abc"
    assert bearer(b"Token abc") == ""
