"""The Kubernetes files: valid, confined, probed where the processes answer, and closed to whom they do not concern."""

import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any, cast

import kubernetes_validate
import pytest
import yaml

from deploy.credentials import Credentials
from deploy.environment import read_settings
from deploy.processes import NAMES, process_named
from gateway.door.door import PAGES
from migrations.__main__ import MigrationSettings
from services.kit.settings import PREFIX, ServiceSettings, Settings
from services.kit.web.app import Kit, health_routes
from tests.deploy.containerfile import ROOT, tag
from tests.deploy.containerfile import read as read_containerfile
from tests.deploy.edge import FOLDER as EDGE
from tests.deploy.manifests import (
    FOLDER,
    FOLDERS,
    OVERLAY,
    Json,
    containers,
    documents,
    manifests,
    name_of,
    named,
    of_kind,
    pod,
    settings_file,
)

VERSIONS = ("1.32", kubernetes_validate.latest_version())
SECRETS = "/run/secrets/kith"
HTTP, OPS = 8080, 9090
KUBECTL = shutil.which("kubectl")

WORKLOADS = of_kind("Deployment", "Job")
SERVING = [each for each in of_kind("Deployment") if each["metadata"]["labels"]["kith/process"] in NAMES]


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The secrets of a deployment, made as the pages say."""
    credentials = Credentials(tmp_path_factory.mktemp("deployment") / "secrets")
    credentials.make()
    credentials.write_out()
    return credentials.folder


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("manifest", manifests(), ids=lambda each: f"{each['kind']}-{name_of(each)}")
def test_kubernetes_knows_every_field(manifest: Json, version: str) -> None:
    kubernetes_validate.validate(manifest, version, strict=True)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_file_is_part_of_what_is_applied(folder: Path) -> None:
    (kustomization,) = documents(folder / "kustomization.yaml")
    assert all((folder / resource).exists() for resource in kustomization["resources"])
    files = {path.name for path in folder.glob("*.yaml")} - {"kustomization.yaml"}
    assert files <= set(kustomization["resources"])
    for generator in kustomization.get("configMapGenerator", []):
        assert all((folder / file).is_file() for file in generator.get("files", []) + generator.get("envs", []))


def test_the_four_processes_differ_in_names_only() -> None:
    shapes = set()
    for name in NAMES:
        found = documents(FOLDER / "base" / f"{name}.yaml")
        for workload in [each for each in found if each["kind"] == "Deployment"]:
            (container,) = pod(workload)["containers"]
            container["env"] = [each for each in container["env"] if each["name"] != f"{PREFIX}TRUSTED_HOPS"]
            (scratch,) = [each for each in pod(workload)["volumes"] if each["name"] == "scratch"]
            del scratch["emptyDir"]["sizeLimit"]
        shapes.add(json.dumps(found).replace(name, "NAME"))
    assert len(shapes) == 1


@pytest.mark.parametrize("workload", WORKLOADS, ids=name_of)
def test_pods_can_do_as_little_as_possible(workload: Json) -> None:
    spec = pod(workload)
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] > 0
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["automountServiceAccountToken"] is False
    # Variables of other Services would look like settings: KITH_PORT, were there one named kith.
    assert spec["enableServiceLinks"] is False
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(spec)
    for container in containers(workload):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        writable = [each["mountPath"] for each in container["volumeMounts"] if not each.get("readOnly")]
        assert writable == ["/tmp"]  # noqa: S108 - the one folder that is written to
        assert {"cpu", "memory"} <= set(container["resources"]["requests"])
        assert "memory" in container["resources"]["limits"]
    for volume in spec["volumes"]:
        assert "hostPath" not in volume
        assert volume.get("emptyDir", {"sizeLimit": ""}).keys() == {"sizeLimit"}


def test_images_are_pinned_and_ours_is_of_this_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    images = {container["image"] for workload in WORKLOADS for container in containers(workload)}
    assert {image for image in images if "kith" in image} == {f"kith:{version}"}
    assert all(tag(image) not in {"", "latest"} for image in images)
    (release,) = documents(OVERLAY / "release" / "kustomization.yaml")
    assert [(each["name"], each["newTag"]) for each in release["images"]] == [("kith", version)]


def test_the_user_is_that_of_the_image() -> None:
    (user,) = [each.rest for each in read_containerfile() if each.keyword == "USER"]
    for workload in WORKLOADS:
        if "kith:" in containers(workload)[0]["image"]:
            context = pod(workload)["securityContext"]
            assert f"{context['runAsUser']}:{context['runAsGroup']}" == user
            assert context["fsGroup"] == context["runAsGroup"]


@pytest.mark.parametrize("workload", SERVING, ids=name_of)
def test_a_process_is_asked_how_it_is_where_it_answers(workload: Json) -> None:
    answered = {getattr(route, "path", "") for route in health_routes(cast("Kit", None))}
    (container,) = containers(workload)

    for kind in ("startup", "liveness", "readiness"):
        probe = container[f"{kind}Probe"]["httpGet"]
        assert probe["path"] in answered
        assert probe["path"].startswith(PAGES)
        assert kind.startswith(probe["path"].rpartition("/")[2][:4])
        assert probe["port"] == "http"
    ports = {each["name"]: each["containerPort"] for each in container["ports"]}
    assert ports == {"http": HTTP, "ops": OPS}


def test_the_edge_is_asked_how_it_is_where_it_answers() -> None:
    (container,) = containers(named("Deployment", "edge"))
    for kind in ("liveness", "readiness"):
        assert f"location = {container[f'{kind}Probe']['httpGet']['path']} {{" in (EDGE / "nginx.conf").read_text()
    assert f"listen {container['ports'][0]['containerPort']};" in (EDGE / "listen.conf").read_text()


def environment_of(container: Json) -> dict[str, str]:
    """Return what a container is told."""
    own = {each["name"]: each["value"] for each in container["env"]}
    return (settings_file() if "envFrom" in container else {}) | own


def read_as(kind: type[Settings], variables: dict[str, str], folder: Path) -> Settings:
    """Read the settings as the container does, with its secrets in their place."""
    with pytest.MonkeyPatch.context() as environment:
        for variable, value in variables.items():
            environment.setenv(variable, value.replace(SECRETS, str(folder)))
            assert variable.removeprefix(PREFIX).removesuffix("_FILE").lower() in kind.model_fields, variable
        return read_settings(kind)


def secret_of(workload: Json, container: Json) -> str:
    """Return the name of the Secret that a container sees."""
    (mount,) = [each for each in container["volumeMounts"] if each["mountPath"] == SECRETS]
    (volume,) = [each for each in pod(workload)["volumes"] if each["name"] == mount["name"]]
    assert mount["readOnly"] is True
    assert volume["secret"]["defaultMode"] == 0o440
    name: str = volume["secret"]["secretName"]
    return name


@pytest.mark.parametrize("workload", SERVING, ids=name_of)
def test_each_process_has_the_settings_and_secrets_that_it_reads(workload: Json, secrets: Path) -> None:
    labels = workload["metadata"]["labels"]
    name = labels["kith/process"]
    (container,) = containers(workload)
    kind = process_named(name).settings_class()
    settings = read_as(kind, environment_of(container), secrets / name)

    assert secret_of(workload, container) == f"kith-{name}"
    assert container["args"] == ["deploy.serve", name]
    assert isinstance(settings, ServiceSettings)
    assert settings.run_worker is (labels["kith/role"] == "worker")
    assert f"//{name}_api:" in settings.api_database_url.get_secret_value()
    stop = container["lifecycle"]["preStop"]["sleep"]["seconds"] + settings.shutdown_seconds
    assert pod(workload)["terminationGracePeriodSeconds"] > stop


@pytest.mark.parametrize(("command", "reader"), [("provision", "provision"), ("upgrade", "migrations")])
def test_tables_are_made_by_a_job(command: str, reader: str, secrets: Path) -> None:
    job = named("Job", "kith-migrate")
    (container,) = [each for each in containers(job) if each["name"] == command]

    assert container["args"] == ["migrations", command]
    assert secret_of(job, container) == f"kith-{reader}"
    read_as(MigrationSettings, environment_of(container), secrets / reader)
    assert pod(job)["restartPolicy"] == "Never"


def test_no_secret_stands_in_a_manifest() -> None:
    assert not of_kind("Secret")
    told = [settings_file(), *(environment_of(each) for one in WORKLOADS for each in containers(one) if "env" in each)]
    secret = re.compile(r"password|secret|private|database_url", re.IGNORECASE)
    assert not [name for each in told for name in each if secret.search(name) and not name.endswith("_FILE")]


def test_peers_are_services_in_front_of_what_serves() -> None:
    peers = json.loads(settings_file()[f"{PREFIX}PEERS"])
    assert set(peers) == set(NAMES)
    for name, address in peers.items():
        service = named("Service", name)
        assert address == f"http://{name}:{service['spec']['ports'][0]['port']}"
        assert service["spec"]["selector"] == {"kith/process": name, "kith/role": "api"}
    for name in re.findall(r"server (\w+):8080", (EDGE / "upstreams.conf").read_text()):
        assert named("Service", name)["spec"]["ports"][0]["port"] == HTTP


def test_every_workload_is_there_twice_and_one_at_a_time_may_be_taken_away() -> None:
    budgets = {json.dumps(each["spec"]["selector"], sort_keys=True): each for each in of_kind("PodDisruptionBudget")}
    for workload in of_kind("Deployment"):
        assert workload["spec"]["replicas"] >= 2
        assert workload["spec"]["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
        labels = workload["spec"]["template"]["metadata"]["labels"]
        assert workload["spec"]["selector"]["matchLabels"].items() <= labels.items()
        budget = budgets.pop(json.dumps(workload["spec"]["selector"], sort_keys=True))
        assert budget["spec"]["maxUnavailable"] == 1
    assert not budgets


def test_the_overlay_changes_what_there_is() -> None:
    (overlay,) = documents(OVERLAY / "kustomization.yaml")
    for patch in overlay["patches"]:
        target = named(patch["target"]["kind"], patch["target"]["name"])
        for change in yaml.safe_load(patch["patch"]):
            found: Any = target
            for step in change["path"].split("/")[1:]:
                found = found[int(step)] if isinstance(found, list) else found[step]
    for replicas in overlay["replicas"]:
        assert named("Deployment", replicas["name"])
    (base,) = documents(FOLDER / "base" / "kustomization.yaml")
    assert [each["name"] for each in overlay["configMapGenerator"]] == [
        each["name"] for each in base["configMapGenerator"]
    ]
    for literal in overlay["configMapGenerator"][0]["literals"]:
        assert literal.partition("=")[0] in settings_file()
    namespace = named("Namespace", "kith")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


@pytest.mark.skipif(not KUBECTL, reason="kubectl is not part of the repository: the files are read as they stand")
@pytest.mark.parametrize("folder", [OVERLAY, OVERLAY / "migrate"], ids=lambda folder: folder.name)
def test_kustomize_makes_of_it_what_kubernetes_knows(folder: Path) -> None:
    assert KUBECTL is not None
    done = subprocess.run([KUBECTL, "kustomize", str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

    rendered = list(yaml.safe_load_all(done.stdout))
    for manifest in rendered:
        kubernetes_validate.validate(manifest, VERSIONS[-1], strict=True)
        assert manifest["metadata"].get("namespace", "kith") == "kith"
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    images = set(re.findall(r"image: (\S+)", done.stdout)) - {"nginx:1.28-alpine"}
    assert images == {f"registry.example/kith:{version}"}
