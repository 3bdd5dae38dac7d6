"""The compose file: valid, hardened, and every setting in it one that its process reads."""

import json
import re
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from pydantic import SecretStr

from deploy.credentials import Credentials
from deploy.environment import read_settings
from deploy.local import tuning
from deploy.processes import NAMES, process_named
from migrations.__main__ import MigrationSettings
from services.kit.settings import PREFIX, ServiceSettings, Settings
from tests.deploy.containerfile import ROOT, tag
from tests.deploy.edge import FOLDER as EDGE

Service = dict[str, Any]

PATH = ROOT / "deploy" / "compose" / "compose.yaml"
DEFAULT = re.compile(r"\$\{\w+:-([^}]*)\}")
DIRECT_CONNECTIONS = 4
"""At most so many a process holds beside its pools: wake-ups, jobs, news of keys, one to spare."""
REPLICAS = 2
ONLY_LOCAL = {"log_timezone", "log_line_prefix"}
SECONDS = re.compile(r"(\d+)s")


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    text = DEFAULT.sub(lambda match: match[1], PATH.read_text())
    assert "${" not in text
    found: dict[str, Any] = yaml.safe_load(text)
    return found


@pytest.fixture(scope="module")
def services(document: dict[str, Any]) -> dict[str, Service]:
    """Every container by its name."""
    found: dict[str, Service] = document["services"]
    return found


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The secrets of a deployment, made as the pages say."""
    credentials = Credentials(tmp_path_factory.mktemp("deployment") / "secrets")
    credentials.make()
    credentials.write_out()
    return credentials.folder


def ours(services: dict[str, Service]) -> dict[str, Service]:
    """Return the containers of our image."""
    return {name: each for name, each in services.items() if each["image"].startswith("kith:")}


def settings_of(name: str, service: Service, secrets: Path, environment: pytest.MonkeyPatch) -> Settings:
    """Read the settings as the container does, with its secrets in their place."""
    command = service["command"]
    kind: type[Settings] = MigrationSettings
    if command[0] == "deploy.serve":
        kind = process_named(command[1]).settings_class()
    (mount,) = [each for each in service["volumes"] if each.endswith(":/run/secrets:ro")]
    folder = secrets / Path(mount.partition(":")[0]).name
    for variable, value in service["environment"].items():
        environment.setenv(variable, value.replace("/run/secrets", str(folder)))
        field = variable.removeprefix(PREFIX).removesuffix("_FILE").lower()
        assert field in kind.model_fields, f"{name}: {variable}"
    return read_settings(kind)


def seconds(text: str) -> int:
    """Return a duration in seconds."""
    match = SECONDS.fullmatch(text)
    assert match
    return int(match[1])


def test_it_is_a_compose_file() -> None:
    schema = json.loads((files("check_jsonschema") / "builtin_schemas/vendor/compose-spec.json").read_text())
    validator = jsonschema.validators.validator_for(schema)(schema)
    assert [error.message for error in validator.iter_errors(yaml.safe_load(PATH.read_text()))] == []


def test_every_image_is_pinned_and_ours_is_of_this_version(services: dict[str, Service]) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert {each["image"] for each in ours(services).values()} == {f"kith:{version}"}
    assert not [each["image"] for each in services.values() if tag(each["image"]) in {"", "latest"}]
    assert re.match(r"postgres:18[.-]", services["postgres"]["image"])
    for each in ours(services).values():
        assert (PATH.parent / each["build"]["context"] / each["build"]["dockerfile"]).is_file()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("suffix", "works"), [("", False), ("-worker", True)])
def test_each_process_serves_in_one_container_and_works_in_another(
    services: dict[str, Service], secrets: Path, monkeypatch: pytest.MonkeyPatch, name: str, suffix: str, *, works: bool
) -> None:
    service = services[f"{name}{suffix}"]
    settings = settings_of(name, service, secrets, monkeypatch)

    assert service["command"] == ["deploy.serve", name]
    assert isinstance(settings, ServiceSettings)
    assert settings.run_worker is works
    assert f"//{name}_api:" in settings.api_database_url.get_secret_value()
    assert settings.peers == {peer: f"http://{peer}:8080" for peer in NAMES}
    assert set(settings.peers) <= set(services)
    assert seconds(service["stop_grace_period"]) > settings.shutdown_seconds


@pytest.mark.parametrize(
    ("name", "command", "user"), [("provision", "provision", "postgres:"), ("migrate", "upgrade", "")]
)
def test_tables_are_made_before_anything_serves(
    services: dict[str, Service], secrets: Path, monkeypatch: pytest.MonkeyPatch, name: str, command: str, user: str
) -> None:
    settings = settings_of(name, services[name], secrets, monkeypatch)

    assert services[name]["command"] == ["migrations", command]
    assert services[name]["restart"] == "no"
    assert isinstance(settings, MigrationSettings)
    # Who only upgrades is not told the administrator's password.
    assert settings.database_url.get_secret_value().startswith(f"postgresql://{user}")
    assert ("@" in settings.database_url.get_secret_value()) is bool(user)


def test_everything_starts_in_order(services: dict[str, Service]) -> None:
    assert services["provision"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    assert services["migrate"]["depends_on"] == {"provision": {"condition": "service_completed_successfully"}}
    for name, each in ours(services).items():
        if each["command"][0] == "deploy.serve":
            assert each["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}, name
            assert each["healthcheck"]["test"] == ["CMD", "python", "-m", "deploy.probe"]


def test_no_secret_stands_in_the_environment(services: dict[str, Service]) -> None:
    kinds: list[type[Settings]] = [MigrationSettings, *(process_named(name).settings_class() for name in NAMES)]
    fields = {name: field for kind in kinds for name, field in kind.model_fields.items()}
    secret = {name for name, field in fields.items() if "SecretStr" in str(field.annotation)} | {"role_passwords"}
    assert SecretStr.__name__ in str(fields["secret_keys"].annotation)
    for name, each in services.items():
        for variable in each.get("environment", {}):
            assert variable.removeprefix(PREFIX).lower() not in secret, name
            assert "PASSWORD" not in variable or variable.endswith("_FILE"), name


def test_containers_can_do_as_little_as_possible(services: dict[str, Service]) -> None:
    for name, each in services.items():
        assert each["security_opt"] == ["no-new-privileges:true"], name
        assert "privileged" not in each
        assert each["restart"] in {"unless-stopped", "no"}
        if name == "postgres":
            # Its image begins as root to make its folder its own user's.
            continue
        assert each["read_only"] is True, name
        assert each["cap_drop"] == ["ALL"], name
        assert [mount for mount in each["volumes"] if not mount.endswith(":ro")] in ([], ["contacts-files:/tmp"]), name
    assert services["edge"]["user"].split(":")[0] not in {"0", "root", ""}
    assert not [name for name, each in ours(services).items() if "user" in each]


def test_only_the_edge_is_reached_from_outside(document: dict[str, Any], services: dict[str, Service]) -> None:
    assert [name for name, each in services.items() if "ports" in each] == ["edge"]
    assert services["edge"]["ports"] == ["127.0.0.1:8080:8080"]
    assert document["networks"]["inside"] == {"internal": True}
    in_front = {name for name, each in services.items() if "front" in each["networks"]}
    assert in_front == {"edge", "gateway", "contacts"}
    assert services["edge"]["networks"] == ["front"]
    assert {name for name, each in services.items() if "inside" in each["networks"]} == set(services) - {"edge"}


def test_the_edge_finds_its_files_and_its_processes(services: dict[str, Service]) -> None:
    mounts = [mount.split(":") for mount in services["edge"]["volumes"]]
    assert all((PATH.parent / source).is_file() for source, _, _ in mounts)
    assert {Path(target).name for _, target, _ in mounts} == {"nginx.conf", "listen.conf", "upstreams.conf"}
    (upstreams,) = [source for source, target, _ in mounts if target.endswith("upstreams.conf")]
    named = set(re.findall(r"server (\w+):8080 resolve", (EDGE / Path(upstreams).name).read_text()))
    assert named == set(services["edge"]["depends_on"]) <= set(services)
    assert services["gateway"]["environment"][f"{PREFIX}TRUSTED_HOPS"] == "1"


def test_postgres_keeps_personal_data_out_of_its_log_as_in_a_local_run(services: dict[str, Service]) -> None:
    given = dict(option.removeprefix("-c").split("=", 1) for option in services["postgres"]["command"][1:])
    local = tuning.settings(8 * 1024 * tuning.MIB, throwaway=False)
    for name in (
        "log_min_error_statement",
        "log_parameter_max_length",
        "log_error_verbosity",
        "password_encryption",
        "jit",
    ):
        assert given[name] == local[name]
    # From version 18 on, the image keeps its data below this folder.
    assert "database:/var/lib/postgresql" in services["postgres"]["volumes"]


def test_two_replicas_of_everything_fit_into_the_databases_connections(services: dict[str, Service]) -> None:
    pools = [
        int(each["environment"][f"{PREFIX}{pool}_POOL_SIZE"])
        for each in ours(services).values()
        if each["command"][0] == "deploy.serve"
        for pool in ("API", "WORKER")
    ]
    (allowed,) = [option for option in services["postgres"]["command"] if option.startswith("-cmax_connections=")]
    wanted = REPLICAS * (sum(pools) + DIRECT_CONNECTIONS * len(pools) // 2)
    assert wanted < int(allowed.partition("=")[2])
