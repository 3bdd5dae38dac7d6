"""The reference: every operation of the document on one page that works without a network."""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from gateway.door.routes import METHODS
from gateway.pages.html import code, inline, link, page, prose, table
from gateway.pages.schemas import component, remarks, type_of

Operation = Mapping[str, Any]


def reference(document: Mapping[str, Any]) -> str:
    """Return the page."""
    tags = document.get("tags", [])
    sections = [tag_section(tag, document) for tag in tags]
    schemas = document.get("components", {}).get("schemas", {})
    body = (
        f"<h1>{escape(document['info']['title'])} API</h1>{prose(document['info'].get('description', ''))}"
        f"<p>{link('/openapi.json', 'OpenAPI document')} · {link('/problems', 'Problem types')}</p>"
        f"<nav>{''.join(navigation(tags, document))}</nav>{scopes(document)}{''.join(sections)}"
        f"<h2>Schemas</h2>{''.join(component(name, schema) for name, schema in schemas.items())}"
    )
    return page("Kith API", body)


def navigation(tags: list[dict[str, Any]], document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the links to all operations, by tag."""
    for tag in tags:
        yield f"<strong>{escape(tag['name'])}</strong>"
        for path, method, operation in operations_of(tag["name"], document):
            label = f'<span class="method">{method.upper()}</span> {escape(path)}'
            yield link(f"#{operation['operationId']}", label)


def scopes(document: Mapping[str, Any]) -> str:
    """Return the table of scopes."""
    rows = [[code(name), inline(text)] for name, text in document.get("x-kith-scopes", {}).items()]
    return f"<details><summary>Scopes</summary>{table(['scope', 'allows'], rows)}</details>"


def operations_of(tag: str, document: Mapping[str, Any]) -> Iterator[tuple[str, str, Operation]]:
    """Yield the operations of a tag."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if tag in item.get(method, {}).get("tags", ()):
                yield path, method, item[method]


def tag_section(tag: Mapping[str, Any], document: Mapping[str, Any]) -> str:
    """Return the section of a tag."""
    parts = [operation_section(*found) for found in operations_of(tag["name"], document)]
    return f"<h2>{escape(tag['name'])}</h2><p>{inline(tag.get('description', ''))}</p>{''.join(parts)}"


def operation_section(path: str, method: str, operation: Operation) -> str:
    """Return the section of an operation."""
    needed = ", ".join(code(scope) for scope in operation.get("x-required-scopes", ()))
    who = "no key needed" if operation.get("security") == [] else f"needs {needed or 'any key'}"
    parameters = [_parameter(found) for found in operation.get("parameters", ())]
    return (
        f'<h3 id="{escape(operation["operationId"])}"><span class="method">{method.upper()}</span> {escape(path)}</h3>'
        f'{prose(operation.get("description", ""))}<p class="soft">{who}</p>'
        + table(["parameter", "in", "type", ""], parameters)
        + table(["body", "schema"], list(_contents(operation.get("requestBody", {}))))
        + table(["status", "means", "schema"], list(_responses(operation)))
    )


def _parameter(found: Mapping[str, Any]) -> list[str]:
    schema = found.get("schema", {})
    name = code(found["name"]) + (" *" if found.get("required") else "")
    return [name, found["in"], type_of(schema), remarks({**schema, "description": found.get("description", "")})]


def _contents(body: Mapping[str, Any]) -> Iterator[list[str]]:
    for media_type, content in body.get("content", {}).items():
        yield [code(media_type), type_of(content.get("schema", {}))]


def _responses(operation: Operation) -> Iterator[list[str]]:
    for status, response in operation.get("responses", {}).items():
        slugs = [link(f"/problems/{slug}", escape(slug)) for slug in response.get("x-problem-types", ())]
        bodies = [type_of(content.get("schema", {})) for content in response.get("content", {}).values()]
        yield [escape(status), inline(response.get("description", "")), ", ".join(slugs or bodies)]
