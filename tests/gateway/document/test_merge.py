"""One document out of several services': completed, collision-free, the same every time."""

from typing import Annotated, Any

import pytest
from fastapi import FastAPI, Path
from pydantic import create_model

from gateway.document.applications import build_application
from gateway.document.merge import NamesCollide, SchemaMissing, describe_service, merge, without_titles
from services.kit.web import IfMatch, Input, LocaleDep, Output, RequiredIfMatch, Router, operation

Json = dict[str, Any]


class ThingUpdate(Input):
    """What can be changed about a thing."""

    title: str = ""


class ThingRead(Output):
    """A thing."""

    title: str


def thing_router(prefix: str = "/v1/things") -> Router:
    router = Router(prefix=prefix, tags=["things"])

    @router.post("", status_code=201, **operation(scopes=["people:write"]))
    async def create_thing(body: ThingUpdate) -> ThingRead:
        return ThingRead(title=body.title)

    @router.patch("/{thing_id}", **operation(scopes=["people:write"]))
    async def update_thing(
        thing_id: Annotated[str, Path()], body: ThingUpdate, version: IfMatch, locale: LocaleDep
    ) -> ThingRead:
        return ThingRead(title=thing_id + body.title + locale + str(version))

    @router.post("/{thing_id}/activate", status_code=202, **operation(scopes=["people:write"]))
    async def activate_thing(thing_id: Annotated[str, Path()], version: RequiredIfMatch) -> ThingRead:
        return ThingRead(title=thing_id + str(version))

    @router.post("/{thing_id}/answer", **operation(scopes=[], extra={"x-public": True}))
    async def answer_thing(thing_id: Annotated[str, Path()]) -> ThingRead:
        return ThingRead(title=thing_id)

    return router


def application(router: Router, **more: Any) -> FastAPI:  # noqa: ANN401 - FastAPI's own arguments
    app = FastAPI(openapi_tags=[{"name": "things", "description": "Things."}], **more)
    app.router.routes.extend(router.routes)
    return app


@pytest.fixture(scope="module")
def paths() -> Json:
    """The completed paths of a small service."""
    found: Json = describe_service("contacts", application(thing_router()))["paths"]
    return found


def names(operation: Json) -> list[str]:
    return [parameter["name"] for parameter in operation.get("parameters", [])]


def test_an_operation_is_named_by_its_function_and_says_who_answers_it(paths: Json) -> None:
    create = paths["/v1/things"]["post"]
    assert (create["operationId"], create["x-kith-service"]) == ("create_thing", "contacts")


def test_writes_take_an_idempotency_key_and_changes_a_version(paths: Json) -> None:
    update = paths["/v1/things/{thing_id}"]["patch"]
    assert names(paths["/v1/things"]["post"]) == ["Idempotency-Key"]
    assert names(update) == ["thing_id", "Idempotency-Key", "If-Match", "Accept-Language"]
    activate = paths["/v1/things/{thing_id}/activate"]["post"]
    required = {parameter["name"]: parameter["required"] for parameter in activate["parameters"]}
    assert required == {"thing_id": True, "Idempotency-Key": False, "If-Match": True}


def test_what_every_route_may_answer_is_said(paths: Json) -> None:
    statuses = {path: sorted(next(iter(item.values()))["responses"]) for path, item in paths.items()}
    common = {"400", "401", "403", "406", "429", "503", "504"}
    assert set(statuses["/v1/things"]) == common | {"201", "409", "413", "415", "422"}
    assert set(statuses["/v1/things/{thing_id}"]) == common | {"200", "404", "409", "412", "413", "415", "422"}
    assert {"202", "428"} <= set(statuses["/v1/things/{thing_id}/activate"])
    for item in paths.values():
        for found in item.values():
            for status, response in found["responses"].items():
                if status >= "400":
                    assert list(response["content"]) == ["application/problem+json"]


def test_answers_say_which_headers_they_carry(paths: Json) -> None:
    assert set(paths["/v1/things"]["post"]["responses"]["201"]["headers"]) == {"Location", "ETag"}
    assert set(paths["/v1/things/{thing_id}/activate"]["post"]["responses"]["202"]["headers"]) == {"Location"}
    assert set(paths["/v1/things"]["post"]["responses"]["429"]["headers"]) == {"Retry-After"}


def test_a_patch_is_a_merge_patch(paths: Json) -> None:
    assert list(paths["/v1/things/{thing_id}"]["patch"]["requestBody"]["content"]) == ["application/merge-patch+json"]
    assert list(paths["/v1/things"]["post"]["requestBody"]["content"]) == ["application/json"]


def test_a_public_operation_needs_no_key(paths: Json) -> None:
    public = paths["/v1/things/{thing_id}/answer"]["post"]
    assert public["security"] == []
    assert "Idempotency-Key" not in names(public)


def test_titles_of_fields_go_but_fields_called_title_stay() -> None:
    schema = {
        "title": "Thing",
        "properties": {"title": {"title": "Title", "type": "string"}},
        "examples": [{"title": "x"}],
    }
    assert without_titles(schema) == {"properties": {"title": {"type": "string"}}, "examples": [{"title": "x"}]}


def test_two_services_may_share_a_schema_but_not_a_name_for_two() -> None:
    document = merge({"contacts": application(thing_router()), "scoring": application(Router())})
    assert "ThingRead" in document["components"]["schemas"]

    namesake = create_model("ThingRead", size=(int, ...))
    other = Router(prefix="/v1/others", tags=["things"])

    @other.get("", response_model=namesake, **operation(scopes=["people:read"]))
    async def read_other() -> object:
        return namesake(size=1)

    with pytest.raises(NamesCollide, match="ThingRead"):
        merge({"contacts": application(thing_router()), "scoring": application(other)})


def test_two_services_may_not_answer_one_operation_or_share_its_id() -> None:
    with pytest.raises(NamesCollide, match=r"\['post'\] of /v1/things"):
        merge({"contacts": application(thing_router()), "scoring": application(thing_router())})
    with pytest.raises(NamesCollide, match="operationId"):
        merge({"contacts": application(thing_router()), "scoring": application(thing_router("/v1/others"))})


def test_schemas_that_nothing_uses_are_left_out() -> None:
    document = merge({"contacts": application(thing_router())})
    assert "HTTPValidationError" not in document["components"]["schemas"]
    assert {"Problem", "ErrorItem", "ThingRead", "ThingUpdate"} == document["components"]["schemas"].keys()


def test_a_view_of_something_that_no_service_describes_is_an_error() -> None:
    with pytest.raises(SchemaMissing):
        merge({"gateway": build_application("gateway", "gateway")})
