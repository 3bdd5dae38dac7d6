"""The files of the edge: what goes where, what is set in one place, and what is never written down."""

import json
import re
from collections.abc import Iterator
from typing import Any

import crossplane
import pytest

from deploy.serve import KEEP_ALIVE_SECONDS
from gateway.door.headers import OURS
from gateway.settings import DOCUMENT, GatewaySettings
from services.contacts.sources.webhook import MAX_BODY
from services.kit.context import REQUEST_ID
from services.kit.settings import ServiceSettings
from tests.deploy.edge import FOLDER

UNITS = {"k": 1024, "m": 1024**2, "g": 1024**3, "s": 1}
LONGEST_POLL_SECONDS = 30
NAMES_OF_FOLDERS = [f"{kind}_temp_path" for kind in ("client_body", "proxy", "fastcgi", "scgi", "uwsgi")]

Block = list[dict[str, Any]]


def parse(name: str) -> Block:
    """Return the directives of a file."""
    parsed = crossplane.parse(str(FOLDER / name), single=True, check_ctx=name == "nginx.conf")
    # The parser takes the lines of a map for directives that it does not know; nothing else may be wrong.
    assert parsed["errors"] == []
    found: Block = parsed["config"][0]["parsed"]
    return found


def within(block: Block, *names: str) -> Iterator[dict[str, Any]]:
    """Give every directive with one of the names, at any depth."""
    for directive in block:
        if directive["directive"] in names:
            yield directive
        yield from within(directive.get("block", []), *names)


@pytest.fixture(scope="module")
def config() -> Block:
    return parse("nginx.conf")


def location(config: Block, *args: str) -> Block:
    """Return what stands in one location."""
    (found,) = [each for each in within(config, "location") if each["args"] == list(args)]
    block: Block = found["block"]
    return block


def value(block: Block, name: str) -> list[str]:
    """Return the arguments of the one directive with this name, at the top of a block."""
    (found,) = [each for each in block if each["directive"] == name]
    args: list[str] = found["args"]
    return args


def size(text: str) -> int:
    """Return a size or time of nginx as a number."""
    return int(text[:-1]) * UNITS[text[-1]]


def http(config: Block) -> Block:
    """Return the block about HTTP."""
    (found,) = within(config, "http")
    block: Block = found["block"]
    return block


class TestFiles:
    @pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.glob("*.conf")))
    def test_every_file_is_well_formed(self, name: str) -> None:
        assert parse(name)

    def test_only_the_address_of_a_webhook_leads_to_contacts(self, config: Block) -> None:
        (door,) = [each for each in within(config, "map") if each["args"] == ["$request_uri", "$door"]]
        assert [[each["directive"], *each["args"]] for each in door["block"]] == [
            ["default", "gateway"],
            [r"~^/v1/webhooks/[0-9a-f-]{36}(\?|$)", "contacts"],
        ]
        passes = {each["args"][0] for each in within(config, "proxy_pass")}
        assert passes == {"http://$door", "http://gateway"}
        assert value(location(config, "~", "^/v1/webhooks/[0-9a-f-]{36}$"), "proxy_pass") == ["http://$door"]

    def test_headers_are_set_in_one_place_that_every_location_inherits(self, config: Block) -> None:
        everywhere = {each["args"][0].lower(): each["args"][1] for each in within(config, "proxy_set_header")}
        here = {each["args"][0].lower() for each in http(config) if each["directive"] == "proxy_set_header"}
        assert set(everywhere) == here
        # What only the gateway may say; traces are the caller's, ids are judged first.
        for name in OURS - {b"x-request-id", b"traceparent"}:
            assert everywhere[name.decode()] == ""
        assert everywhere["x-request-id"] == "$kith_request_id"

    def test_request_ids_are_judged_as_the_services_do(self, config: Block) -> None:
        (ids,) = [each for each in within(config, "map") if each["args"][1] == "$kith_request_id"]
        assert ids["block"][1]["directive"] == f"~^{REQUEST_ID.pattern}$"

    def test_no_limit_is_below_that_of_the_process_behind(self, config: Block) -> None:
        operations = json.loads(DOCUMENT.read_text())["paths"].values()
        largest = max(
            [one.get("x-kith-max-body", 0) for each in operations for one in each.values() if isinstance(one, dict)]
        )
        fields = ServiceSettings.model_fields | GatewaySettings.model_fields
        hooks = location(config, "~", "^/v1/webhooks/[0-9a-f-]{36}$")

        assert size(value(http(config), "client_max_body_size")[0]) >= max(largest, fields["max_body_bytes"].default)
        assert size(value(hooks, "client_max_body_size")[0]) == MAX_BODY == fields["max_webhook_bytes"].default
        imports = location(config, "=", "/v1/imports")
        assert size(value(imports, "client_max_body_size")[0]) == fields["max_upload_bytes"].default

    def test_files_of_any_size_pass_without_being_kept(self, config: Block) -> None:
        for path, operations in json.loads(DOCUMENT.read_text())["paths"].items():
            if "multipart/form-data" in json.dumps([each.get("requestBody") for each in operations.values()]):
                assert value(location(config, "=", path), "proxy_request_buffering") == ["off"]
        assert value(location(config, "=", "/v1/imports"), "proxy_request_buffering") == ["off"]

    def test_answers_are_never_held_back(self, config: Block) -> None:
        assert value(http(config), "proxy_buffering") == ["off"]
        assert not [each for each in within(config, "proxy_buffering") if each["args"] != ["off"]]
        longest_poll = 30
        assert size(value(http(config), "proxy_read_timeout")[0]) > 2 * longest_poll
        assert (
            size(value(http(config), "proxy_read_timeout")[0]) > GatewaySettings.model_fields["answer_seconds"].default
        )

    @pytest.mark.parametrize("name", ["upstreams.conf", "upstreams-docker.conf"])
    def test_the_edge_closes_idle_connections_before_the_processes_do(self, name: str) -> None:
        upstreams = parse(name)
        assert [each["args"] for each in upstreams] == [["gateway"], ["contacts"]]
        for upstream in upstreams:
            assert size(value(upstream["block"], "keepalive_timeout")[0]) < KEEP_ALIVE_SECONDS
            assert value(upstream["block"], "server")[0] == f"{upstream['args'][0]}:8080"

    def test_nothing_is_written_but_to_a_folder_that_is_made_for_it(self, config: Block) -> None:
        paths = [each["args"][0] for each in within(config, "pid", *NAMES_OF_FOLDERS)]
        assert len(paths) == 1 + len(NAMES_OF_FOLDERS)
        assert all(path.startswith("/tmp/") for path in paths)  # noqa: S108 - reads, writes nothing

    def test_no_log_says_what_was_asked(self, config: Block) -> None:
        (log_format,) = within(config, "log_format")
        variables = set(re.findall(r"\$(\w+)", " ".join(log_format["args"])))
        telling = {"request", "request_uri", "uri", "document_uri", "args", "query_string", "remote_user"}
        assert not variables & telling
        assert not [each for each in variables if each.startswith(("http_", "arg_", "cookie_", "sent_http_"))]
        assert value(config, "error_log")[1] == "crit"
