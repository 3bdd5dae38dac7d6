"""Alerts and dashboard: every expression is one, and asks for measurements and labels that processes really give."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any, cast

import promql_parser
import pytest
import yaml
from prometheus_client import REGISTRY, Counter, Gauge, Histogram
from prometheus_client.metrics import MetricWrapperBase

import gateway.door.visit
import services.kit.metrics
import services.kit.web.observe
from deploy.processes import NAMES
from services.contacts.sources.webhook import PATH as WEBHOOK
from services.kit.web.app import Kit, health_routes
from services.kit.web.observe import route_of
from tests.deploy.containerfile import ROOT

ALERTS = ROOT / "deploy" / "alerts"
PAGE = ROOT / "docs" / "operations" / "alerts.md"
PROMTOOL = shutil.which("promtool")
MODULES = (services.kit.metrics, services.kit.web.observe, gateway.door.visit)
SUFFIXES: dict[type[MetricWrapperBase], tuple[str, ...]] = {
    Counter: ("_total",),
    Gauge: ("",),
    Histogram: ("_bucket", "_count", "_sum"),
}
# What Prometheus adds: who was asked, and the bound of a bucket.
ADDED = {"job", "instance", "le"}
INTERVAL = re.compile(r"\$__rate_interval")
STATES = {"queued", "picked", "failed"}

GROUPS = yaml.safe_load((ALERTS / "kith.rules.yaml").read_text())["groups"]
RULES = [rule for group in GROUPS for rule in group["rules"]]
DASHBOARD = json.loads((ROOT / "deploy" / "dashboards" / "kith.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
TARGETS = [target for panel in PANELS for target in panel["targets"]]
EXPRESSIONS = [rule["expr"] for rule in RULES] + [INTERVAL.sub("1m", target["expr"]) for target in TARGETS]


def known() -> dict[str, set[str]]:
    """Return every series that a process gives, with its labels."""
    series = {
        f"{metric._name}{suffix}": set(metric._labelnames)
        for module in MODULES
        for metric in vars(module).values()
        if isinstance(metric, MetricWrapperBase)
        for suffix in SUFFIXES[type(metric)]
    }
    of_process = [sample.name for family in REGISTRY.collect() for sample in family.samples if not sample.labels]
    return {name: set[str]() for name in [*of_process, "up"]} | series


def parts(node: Any) -> Iterator[Any]:  # noqa: ANN401 - the parser has no common class
    """Give a node of an expression and all below it."""
    yield node
    for name in ("lhs", "rhs", "expr", "param", "vector_selector"):
        below = getattr(node, name, None)
        if below is not None:
            yield from parts(below)
    for argument in getattr(node, "args", []):
        yield from parts(argument)


def selectors(expression: str) -> list[promql_parser.VectorSelector]:
    """Return what an expression selects."""
    return [node for node in parts(promql_parser.parse(expression)) if isinstance(node, promql_parser.VectorSelector)]


def test_there_is_something_to_ask_for() -> None:
    assert "kith_follower_lag_seconds" in known()
    assert known()["kith_http_request_seconds_count"] == {"service", "method", "route", "status"}
    assert "process_resident_memory_bytes" in known()


def test_probes_are_measured_under_the_name_that_the_alert_asks_for() -> None:
    routes = {route_of({"route": route}) for route in health_routes(cast("Kit", None))}
    assert "/health/ready" in routes


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_every_series_and_label_is_given_by_some_process(expression: str) -> None:
    chosen = selectors(expression)
    assert chosen
    for selector in chosen:
        assert selector.name in known()
        for matcher in selector.matchers.matchers:
            assert matcher.name in known()[selector.name] | ADDED, f"{selector.name}: {matcher.name}"
            assert matcher.name != "service" or matcher.value in NAMES
            assert matcher.name != "state" or matcher.value in STATES


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_every_grouping_is_by_labels_that_are_there(expression: str) -> None:
    for node in parts(promql_parser.parse(expression)):
        if isinstance(node, promql_parser.AggregateExpr) and node.modifier is not None:
            there = set.union(*(known()[str(each.name)] for each in selected_below(node))) | ADDED
            assert set(node.modifier.labels) <= there


def selected_below(node: promql_parser.AggregateExpr) -> list[promql_parser.VectorSelector]:
    """Return what an aggregation is made of."""
    return [each for each in parts(node.expr) if isinstance(each, promql_parser.VectorSelector)]


@pytest.mark.parametrize("rule", RULES, ids=[rule["alert"] for rule in RULES])
def test_every_alert_says_how_bad_it_is_and_what_to_do(rule: dict[str, Any]) -> None:
    assert rule["labels"].keys() == {"severity"}
    assert rule["labels"]["severity"] in {"critical", "warning"}
    assert rule["annotations"]["summary"].endswith(".")
    assert f"\n## {rule['alert']}\n" in PAGE.read_text()


def test_the_page_tells_of_no_alert_that_is_not_there() -> None:
    told = re.findall(r"^## (Kith\w+)$", PAGE.read_text(), re.MULTILINE)
    assert told == [rule["alert"] for rule in RULES]


def test_what_must_be_noticed_is() -> None:
    text = " ".join(rule["expr"] for rule in RULES)
    for series in (
        "kith_follower_lag_seconds",
        "kith_follower_stopped",
        'route="/health/ready"',
        'status=~"5.."',
        'kith_jobs_waiting{state="failed"}',
        f'route="{WEBHOOK}"',
    ):
        assert series in text


def test_the_dashboard_can_be_imported_anywhere() -> None:
    assert [each["name"] for each in DASHBOARD["templating"]["list"]] == ["datasource"]
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)
    for each in [*PANELS, *TARGETS]:
        assert each["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    for panel in PANELS:
        assert panel["title"]
        assert panel["description"]


def test_panels_do_not_lie_on_one_another() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells


def test_prometheus_asks_every_container_of_the_compose_file() -> None:
    (job,) = yaml.safe_load((ALERTS / "prometheus.yaml").read_text())["scrape_configs"]
    services = yaml.safe_load((ROOT / "deploy" / "compose" / "compose.yaml").read_text())["services"]
    serving = {name for name, each in services.items() if each.get("command", [""])[0] == "deploy.serve"}
    assert job["job_name"] == "kith"
    assert set(job["dns_sd_configs"][0]["names"]) == serving


@pytest.mark.skipif(not PROMTOOL, reason="promtool is not part of the repository: the expressions are parsed")
def test_the_alerts_fire_when_they_should() -> None:
    assert PROMTOOL is not None
    for arguments in (("check", "rules", "kith.rules.yaml"), ("test", "rules", "kith.tests.yaml")):
        done = subprocess.run([PROMTOOL, *arguments], cwd=ALERTS, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
