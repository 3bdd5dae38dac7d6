"""Who may talk to whom in Kubernetes.

Policies are read as a cluster does: what one of them lets through on either end passes, the rest does not.
"""

from itertools import product

import pytest

from deploy.processes import NAMES
from services.kit.destinations import CLOSED_V4
from tests.deploy.manifests import Json, named, of_kind

HTTP, HTTPS, OPS, DATABASE = 8080, 443, 9090, 5432
PODS = {f"{name}-{role}": {"kith/process": name, "kith/role": role} for name in NAMES for role in ("api", "worker")} | {
    "edge": {"kith/process": "edge"},
    "migrations": {"kith/process": "migrations"},
    "stranger": {"app": "other"},
}
# Who follows whose feed, writes to whom, or passes requests on.
CALLS = {
    ("edge", "gateway"),
    ("edge", "contacts"),
    ("gateway", "contacts"),
    ("gateway", "scoring"),
    ("gateway", "campaigns"),
    ("contacts", "gateway"),
    ("scoring", "gateway"),
    ("scoring", "contacts"),
    ("campaigns", "gateway"),
    ("campaigns", "contacts"),
    ("campaigns", "scoring"),
}


def test_processes_reach_those_whom_they_call_and_nobody_else() -> None:
    calls = {(source, target) for source, target in product(PODS, PODS) if passes(PODS[source], PODS[target], HTTP)}
    processes = {(source.partition("-")[0], target.partition("-")[0]) for source, target in calls}
    assert processes == CALLS
    assert {target for _, target in calls} == {f"{name}-api" for name in NAMES}


@pytest.mark.parametrize("name", [*NAMES, "migrations"])
def test_who_needs_the_database_reaches_it(name: str) -> None:
    assert lets_out({"kith/process": name, "kith/role": "worker"}, None, DATABASE)


@pytest.mark.parametrize("name", ["edge", "stranger"])
def test_nobody_else_reaches_the_database(name: str) -> None:
    assert not lets_out(PODS[name], None, DATABASE)


def test_only_the_gateway_calls_the_open_internet_and_nothing_private_there() -> None:
    assert [name for name, labels in PODS.items() if lets_out(labels, None, HTTPS)] == ["gateway-api"]
    (rule,) = named("NetworkPolicy", "gateway-reaches-identity-providers")["spec"]["egress"]
    (block,) = rule["to"]
    closed = set(map(str, CLOSED_V4))
    assert set(block["ipBlock"]["except"]) <= closed
    assert {"10.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"} <= set(block["ipBlock"]["except"])
    assert {port["port"] for port in rule["ports"]} == {443, 8443}


def test_only_the_edge_is_open_to_everybody() -> None:
    assert [name for name, labels in PODS.items() if lets_in(None, labels, HTTP)] == ["edge"]


def test_measurements_are_for_the_monitoring_alone() -> None:
    (rule,) = named("NetworkPolicy", "who-measures")["spec"]["ingress"]
    assert rule["ports"] == [{"protocol": "TCP", "port": OPS}]
    assert rule["from"] == [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}]
    assert not [(source, target) for source, target in product(PODS, PODS) if lets_in(PODS[source], PODS[target], OPS)]


def test_what_nothing_is_said_about_is_forbidden() -> None:
    everything = named("NetworkPolicy", "nothing-by-default")["spec"]
    assert everything == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def passes(source: Json, target: Json, port: int) -> bool:
    return lets_out(source, target, port) and lets_in(source, target, port)


def lets_out(source: Json, target: Json | None, port: int) -> bool:
    return lets("egress", "to", source, target, port)


def lets_in(source: Json | None, target: Json, port: int) -> bool:
    return lets("ingress", "from", target, source, port)


def lets(direction: str, side: str, own: Json, other: Json | None, port: int) -> bool:
    rules = [
        rule
        for policy in of_kind("NetworkPolicy")
        if selects(policy["spec"]["podSelector"], own)
        for rule in policy["spec"].get(direction, [])
    ]
    return any(
        any(each["port"] == port for each in rule["ports"])
        and (side not in rule or any(is_peer(each, other) for each in rule[side]))
        for rule in rules
    )


def selects(selector: Json, labels: Json) -> bool:
    """Tell whether a selector chooses a pod."""
    expressions = selector.get("matchExpressions", [])
    assert {each["operator"] for each in expressions} <= {"In"}
    return selector.get("matchLabels", {}).items() <= labels.items() and all(
        labels.get(each["key"]) in each["values"] for each in expressions
    )


def is_peer(peer: Json, labels: Json | None) -> bool:
    """Tell whether a rule means a pod of this namespace, or something outside of the cluster (None)."""
    if "ipBlock" in peer:
        return labels is None
    return labels is not None and "namespaceSelector" not in peer and selects(peer["podSelector"], labels)
