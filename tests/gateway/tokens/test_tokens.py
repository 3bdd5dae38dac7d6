"""A token of the workspace's own provider opens the door like a key; any other does not."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import jwt
import pytest
from fastapi import FastAPI

from gateway.app import create_app
from gateway.tokens import jwks
from services.kit.clock import FixedClock
from services.kit.database import Database
from services.kit.ids import new_id
from tests.gateway.conftest import Issue, add_workspace, echo_document, gateway_settings
from tests.gateway.tokens.provider import AUDIENCE, WELL_KNOWN, Provider, private_key, public_jwk, running

Ask = Callable[..., Awaitable[httpx.Response]]
TEAM = "INSERT INTO teams (workspace_id, id, name, rep_ids) VALUES ($1, $2, 'North', $3)"


@pytest.fixture
async def app(settings_for: Callable[..., Any], clock: FixedClock) -> AsyncIterator[FastAPI]:
    """A gateway whose users may name providers on this machine."""
    settings = gateway_settings(settings_for, {"contacts": "http://127.0.0.1:1"}, egress_allow=["127.0.0.1"])
    made = create_app(settings, clock, document=echo_document())
    async with made.router.lifespan_context(made):
        yield made


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    """An identity provider."""
    async with running() as found:
        yield found


@pytest.fixture
async def http(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A caller."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway") as client:
        yield client


@pytest.fixture
async def admin(issue: Issue) -> dict[str, str]:
    """The headers of an administrator."""
    return {"Authorization": f"Bearer {await issue()}"}


@pytest.fixture
async def ask(http: httpx.AsyncClient, admin: dict[str, str], provider: Provider, clock: FixedClock) -> Ask:
    """Return the asker of `/v1/me`: await it with the claims that matter. The workspace trusts the provider."""
    answer = await http.patch("/v1/workspace", headers=admin, json={"identity": provider.settings})
    assert answer.status_code == 200, answer.text

    async def send(path: str = "/v1/me", text: str | None = None, **claims: object) -> httpx.Response:
        times = {"iat": clock.now().timestamp(), "exp": (clock.now() + timedelta(minutes=5)).timestamp()}
        token = text or provider.token(**times | claims)  # type: ignore[arg-type]  # claims are of any type
        return await http.get(path, headers={"Authorization": f"Bearer {token}"})

    return send


def live(clock: FixedClock) -> dict[str, float]:
    """Return the times of a token that counts."""
    return {"iat": clock.now().timestamp(), "exp": (clock.now() + timedelta(minutes=5)).timestamp()}


class TestWhatItMeans:
    async def test_its_claims_become_scopes_rep_and_visibility(self, ask: Ask, workspace: UUID) -> None:
        rep = new_id()
        answer = await ask(kith_rep_id=str(rep), kith_visibility="team")
        assert answer.status_code == 200, answer.text
        me = answer.json()
        assert me["actor"]["kind"] == "user"
        assert me["scopes"] == ["people:read", "workspace:read"]  # openid is another program's
        assert (me["rep"]["id"], me["visibility"], me["key"]) == (str(rep), "team", None)
        assert me["workspace"]["id"] == str(workspace)

    async def test_who_states_no_visibility_sees_his_own(self, ask: Ask) -> None:
        me = (await ask(scope=["admin", 7], kith_rep_id="no id", kith_visibility="everything")).json()
        assert (me["scopes"], me["rep"], me["visibility"]) == (["admin"], None, "own")

    async def test_the_reps_of_his_teams_go_along(
        self, ask: Ask, app: FastAPI, database: Database, workspace: UUID
    ) -> None:
        rep, mate, other = new_id(), new_id(), new_id()
        async with database.worker() as session:
            for reps in ([rep, mate], [other]):
                await session.execute(TEAM, workspace, new_id(), reps)
        assert (await ask(kith_rep_id=str(rep), kith_visibility="team")).status_code == 200
        [holder] = [one for one in app.state.gateway.keyring._proven.values() if one.identity.actor_kind == "user"]
        assert set(holder.identity.reps) == {rep, mate}

    async def test_one_user_is_one_actor_and_another_one_another(self, ask: Ask) -> None:
        first, again, other = [(await ask(sub=sub, jti=str(number))).json() for number, sub in enumerate("aab")]
        assert first["actor"]["id"] == again["actor"]["id"] != other["actor"]["id"]

    async def test_a_scope_that_it_lacks_is_refused(self, ask: Ask) -> None:
        assert (await ask("/v1/workspace", scope="people:read")).status_code == 403
        assert (await ask("/v1/workspace")).status_code == 200

    async def test_claims_may_have_other_names(
        self, ask: Ask, http: httpx.AsyncClient, admin: dict[str, str], provider: Provider
    ) -> None:
        settings = provider.settings | {"claims": {"scopes": "permissions"}}
        await http.patch("/v1/workspace", headers=admin, json={"identity": settings})
        assert (await ask(permissions=["keys:read"])).json()["scopes"] == ["keys:read"]

    @pytest.mark.parametrize("algorithm", ["ES256", "EdDSA"])
    async def test_other_algorithms_count_where_they_are_named(
        self, http: httpx.AsyncClient, admin: dict[str, str], clock: FixedClock, algorithm: str
    ) -> None:
        async with running(algorithm) as other:
            await http.patch("/v1/workspace", headers=admin, json={"identity": other.settings})
            text = other.token(**live(clock))  # type: ignore[arg-type]  # times
            answer = await http.get("/v1/me", headers={"Authorization": f"Bearer {text}"})
        assert answer.status_code == 200, answer.text


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        "claims",
        [
            {"iss": "https://other.example"},
            {"iss": None},
            {"aud": "https://other.example"},
            {"aud": None},
            {"aud": [7]},
            {"sub": None},
            {"sub": ""},
            {"exp": None},
            {"exp": "soon"},
            {"exp": True},
            {"iat": None},
            {"kith_workspace_id": "0199c0de-0000-7000-8000-000000000001"},
            {"name": "strange"},
            {"head": {"crit": ["x"], "x": 1}},
            {"head": {"typ": "logout+jwt"}},
        ],
        ids=str,
    )
    async def test_a_token_that_says_something_else(self, ask: Ask, claims: dict[str, Any]) -> None:
        answer = await ask(**claims)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == 'Bearer realm="kith"'

    @pytest.mark.parametrize(
        ("field", "seconds", "status"),
        [("exp", -29, 200), ("exp", -30, 401), ("iat", 30, 200), ("iat", 31, 401), ("nbf", 30, 200), ("nbf", 31, 401)],
    )
    async def test_one_out_of_its_time_our_clocks_difference_allowed_for(
        self, ask: Ask, clock: FixedClock, field: str, seconds: int, status: int
    ) -> None:
        assert (await ask(**{field: clock.now().timestamp() + seconds})).status_code == status

    async def test_one_that_ends_while_it_is_remembered(self, ask: Ask, provider: Provider, clock: FixedClock) -> None:
        text = provider.token(**live(clock))  # type: ignore[arg-type]  # times
        assert (await ask(text=text)).status_code == 200
        clock.advance(timedelta(minutes=6))
        assert (await ask(text=text)).status_code == 401

    async def test_one_without_a_signature_or_with_another(
        self, ask: Ask, provider: Provider, clock: FixedClock
    ) -> None:
        claims = {"iss": provider.url, "aud": AUDIENCE, "sub": "x", **live(clock)}
        forged = jwt.encode(claims, private_key("RS256", "forged"), "RS256", headers={"kid": "first"})
        bare = jwt.encode(claims, "", "none", headers={"kid": "first"})
        public = json_of(public_jwk("RS256"))
        confused = jwt.encode(claims, public.ljust(64), "HS256", headers={"kid": "first"})
        for text in (forged, bare, confused, forged[:-4], f"{forged}.x", "a.b.c", "." * 5000):
            assert (await ask(text=text)).status_code == 401

    async def test_one_of_another_algorithm_than_is_pinned(
        self, ask: Ask, provider: Provider, clock: FixedClock
    ) -> None:
        provider.keys.append(public_jwk("ES256", "second"))
        claims = {"iss": provider.url, "aud": AUDIENCE, "sub": "x", **live(clock)}
        text = jwt.encode(claims, private_key("ES256", "second"), "ES256", headers={"kid": "second"})
        assert (await ask(text=text)).status_code == 401

    @pytest.mark.parametrize("more", [{"use": "enc"}, {"alg": "RS512"}, {"kid": 7}, {"kty": "oct"}])
    async def test_one_signed_with_a_key_that_is_for_something_else(
        self, ask: Ask, provider: Provider, more: dict[str, Any]
    ) -> None:
        provider.keys[:] = [public_jwk("RS256") | more, None, 7]
        assert (await ask()).status_code == 401

    async def test_one_where_no_provider_is_named(
        self, ask: Ask, http: httpx.AsyncClient, admin: dict[str, str], provider: Provider
    ) -> None:
        assert (await ask()).status_code == 200
        await http.patch("/v1/workspace", headers=admin, json={"identity": None})
        assert (await ask()).status_code == 401
        assert len(provider.asked) == 2  # its description and its keys, once


class TestKeys:
    async def test_are_fetched_once_and_anew_when_one_is_missing_but_not_all_the_time(
        self, ask: Ask, provider: Provider, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await asyncio.gather(*(ask(jti=f"{number}") for number in range(5)))
        assert provider.asked == [WELL_KNOWN, "/keys"]
        provider.keys.append(public_jwk("RS256", "second"))
        assert (await ask(name="second")).status_code == 401  # it has just been asked
        assert len(provider.asked) == 2
        monkeypatch.setattr(jwks, "BETWEEN_ASKING", 0.0)
        assert (await ask(name="second")).status_code == 200
        assert len(provider.asked) == 4

    async def test_that_are_known_count_on_while_the_provider_is_away(
        self, ask: Ask, provider: Provider, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert (await ask()).status_code == 200
        provider.status = 500
        monkeypatch.setattr(jwks, "BETWEEN_ASKING", 0.0)
        monkeypatch.setattr(jwks, "FRESH_SECONDS", 0.0)
        assert (await ask(jti="2")).status_code == 200
        monkeypatch.setattr(jwks, "STALE_SECONDS", 0.0)
        assert (await ask(jti="3")).status_code == 503

    async def test_of_a_provider_that_was_never_there_are_a_503(self, ask: Ask, provider: Provider) -> None:
        provider.status = 404
        answer = await ask()
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "5"

    async def test_are_not_taken_from_a_description_of_another_issuer(self, ask: Ask, provider: Provider) -> None:
        provider.described_as = "https://other.example"
        assert (await ask()).status_code == 503

    async def test_need_no_name_where_there_is_one_only(self, ask: Ask, provider: Provider) -> None:
        provider.keys[:] = [{name: value for name, value in public_jwk("RS256").items() if name != "kid"}]
        assert (await ask(head={"kid": None})).status_code == 200
        assert (await ask()).status_code == 401


class TestSeveralWorkspaces:
    async def test_with_one_provider_are_told_apart_by_the_token(
        self, ask: Ask, database: Database, http: httpx.AsyncClient, provider: Provider, workspace: UUID
    ) -> None:
        other = await add_workspace(database, new_id())
        async with database.worker() as session:
            await session.execute(
                "UPDATE workspaces SET identity = (SELECT identity FROM workspaces WHERE workspace_id = $1)"
                " WHERE workspace_id = $2",
                workspace,
                other,
            )
        answer = await ask()
        assert answer.status_code == 401
        assert "kith_workspace_id" in answer.json()["detail"]
        for one in (workspace, other):
            assert (await ask(kith_workspace_id=str(one))).json()["workspace"]["id"] == str(one)

    async def test_a_provider_that_only_pretends_to_be_anothers_opens_its_own_workspace_only(
        self, ask: Ask, database: Database, provider: Provider, workspace: UUID, clock: FixedClock
    ) -> None:
        mallory = await add_workspace(database, new_id())
        async with running() as pretender:
            pretender.keys[:] = [public_jwk("RS256", "mallory")]
            stored = provider.settings | {
                "jwks_url": f"{pretender.url}/keys",
                "claims": {"scopes": "scope", "rep": "kith_rep_id", "visibility": "kith_visibility"},
            }
            async with database.worker() as session:
                await session.execute("UPDATE workspaces SET identity = $1 WHERE workspace_id = $2", stored, mallory)
            claims = {"iss": provider.url, "aud": AUDIENCE, "sub": "x", "scope": "admin", **live(clock)}
            text = jwt.encode(claims, private_key("RS256", "mallory"), "RS256", headers={"kid": "mallory"})
            assert (await ask(text=text)).json()["workspace"]["id"] == str(mallory)
            assert (await ask()).json()["workspace"]["id"] == str(workspace)


class TestNamingAProvider:
    async def test_needs_admin(self, http: httpx.AsyncClient, issue: Issue, provider: Provider) -> None:
        weak = {"Authorization": f"Bearer {await issue(scopes=['workspace:write'])}"}
        answer = await http.patch("/v1/workspace", headers=weak, json={"identity": provider.settings})
        assert (answer.status_code, answer.json()["scope"]) == (403, "admin")

    async def test_without_the_place_of_its_keys_takes_the_issuers_description(
        self, http: httpx.AsyncClient, admin: dict[str, str], provider: Provider
    ) -> None:
        answer = await http.patch("/v1/workspace", headers=admin, json={"identity": provider.settings})
        assert answer.json()["identity"]["jwks_url"] == f"{provider.url}{WELL_KNOWN}"

    @pytest.mark.parametrize(
        ("field", "url"),
        [
            ("jwks_url", "https://2130706433/keys"),
            ("jwks_url", "https://user@id.example/keys"),
            ("jwks_url", "ftp://id.example/keys"),
            ("issuer", "id.example"),
        ],
    )
    async def test_that_is_no_address_is_refused(
        self, http: httpx.AsyncClient, admin: dict[str, str], provider: Provider, field: str, url: str
    ) -> None:
        answer = await http.patch("/v1/workspace", headers=admin, json={"identity": provider.settings | {field: url}})
        assert answer.status_code == 422
        assert [error["pointer"] for error in answer.json()["errors"]] == [f"#/identity/{field}"]

    @pytest.mark.parametrize(
        ("field", "url"),
        [
            ("jwks_url", "http://169.254.169.254/latest"),
            ("issuer", "https://127.0.0.2/"),
            ("issuer", "https://[::1]/"),
        ],
    )
    async def test_that_leads_nowhere_good_is_refused(
        self, http: httpx.AsyncClient, admin: dict[str, str], provider: Provider, field: str, url: str
    ) -> None:
        answer = await http.patch("/v1/workspace", headers=admin, json={"identity": provider.settings | {field: url}})
        assert answer.status_code == 422
        [error] = answer.json()["errors"]
        assert (error["pointer"], error["code"]) == ("#/identity/jwks_url", "address_refused")


def json_of(key: dict[str, Any]) -> str:
    """Return a published key as a text, which an attacker may take for a shared secret."""
    return jwt.utils.base64url_encode(str(key).encode()).decode()
