"""The manifests of Kubernetes as they stand, and as kustomize groups them."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.deploy.containerfile import ROOT
from tests.deploy.edge import FOLDER as EDGE

Json = dict[str, Any]

FOLDER = ROOT / "deploy" / "kubernetes"
OVERLAY = FOLDER / "overlays" / "production"
FOLDERS = [FOLDER / "base", FOLDER / "migrate", EDGE, OVERLAY]


def documents(path: Path) -> list[Json]:
    """Return the documents of a file."""
    return [document for document in yaml.safe_load_all(path.read_text()) if document]


@cache
def manifests() -> list[Json]:
    """Return everything that is applied, before the overlay changes it."""
    files = [path for folder in FOLDERS for path in sorted(folder.glob("*.yaml")) if path.name != "kustomization.yaml"]
    return [document for path in files for document in documents(path)]


def of_kind(*kinds: str) -> list[Json]:
    """Return the manifests of some kinds."""
    return [each for each in manifests() if each["kind"] in kinds]


def named(kind: str, name: str) -> Json:
    """Return one manifest."""
    (found,) = [each for each in of_kind(kind) if name_of(each) == name]
    return found


def name_of(manifest: Json) -> str:
    """Return the name of a manifest."""
    name: str = manifest["metadata"]["name"]
    return name


def pod(workload: Json) -> Json:
    """Return the pod that a workload makes."""
    spec: Json = workload["spec"]["template"]["spec"]
    return spec


def containers(workload: Json) -> list[Json]:
    """Return all containers of a workload."""
    return [*pod(workload).get("initContainers", []), *pod(workload)["containers"]]


def settings_file() -> dict[str, str]:
    """Return what every process is told."""
    lines = (FOLDER / "base" / "settings.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if not line.startswith("#"))
