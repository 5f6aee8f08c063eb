from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from directory import problems
from directory.permissions import PERMISSIONS, May, Who


@pytest.fixture
def description(client: FlaskClient) -> dict[str, Any]:
    found = client.get("/api/openapi.json").json
    assert isinstance(found, dict)
    return found


def test_the_description_is_openapi_3_1_and_tells_where_and_under_which_licence(
    description: dict[str, Any],
) -> None:
    assert description["openapi"].startswith("3.1")
    assert description["info"]["title"] == "Veiviser"
    assert description["info"]["license"]["name"] == "Apache-2.0"
    assert [server["url"] for server in description["servers"]] == ["/"]


def test_every_route_of_the_api_is_described(directory_app: Flask, description: dict[str, Any]) -> None:
    routes = {
        (method.lower(), rule.rule.replace("<", "{").replace(">", "}"))
        for rule in directory_app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    described = {
        (method, path)
        for path, operations in description["paths"].items()
        for method in operations
        if method in ("get", "post", "put", "patch", "delete")
    }
    assert described == routes


def test_every_operation_says_what_it_does_and_how_it_fails(description: dict[str, Any]) -> None:
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            if method == "parameters":
                continue
            assert operation.get("summary"), f"{method} {path}"
            failure = operation["responses"]["default"]
            if "$ref" in failure:
                failure = description["components"]["responses"][failure["$ref"].rpartition("/")[2]]
            assert list(failure["content"]) == [problems.MEDIA_TYPE], f"{method} {path}"


def test_all_that_a_reference_names_is_there(description: dict[str, Any]) -> None:
    def references(value: Any) -> Any:
        if isinstance(value, dict):
            for key, inner in value.items():
                if key == "$ref":
                    yield inner
                else:
                    yield from references(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from references(inner)

    for reference in references(description):
        found: Any = description
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]


def test_every_operation_says_who_is_let_in_as_the_table_of_permissions_has_it(
    description: dict[str, Any],
) -> None:
    schemes = description["components"]["securitySchemes"]
    assert (schemes["key"]["scheme"], schemes["session"]["in"]) == ("bearer", "cookie")
    for name, entry in PERMISSIONS.items():
        method, _, rule = name.partition(" ")
        if not rule.startswith("/api/v1/"):
            continue
        operation = description["paths"][rule.replace("<", "{").replace(">", "}")][method.lower()]
        ways = {way: scopes for said in operation.get("security", []) for way, scopes in said.items()}
        assert ("session" in ways) is (entry is not Who.PUBLIC), name
        scope = entry.scope if isinstance(entry, May) else None
        assert ways.get("key") == ([scope] if scope else None), name
