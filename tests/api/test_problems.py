from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any, NoReturn

import pytest
from flask import request
from flask.testing import FlaskClient
from werkzeug.exceptions import abort

from directory import errors
from directory.codes import PROBLEMS
from directory.config import Settings
from directory.problems import MEDIA_TYPE, MOST_FIELDS, fields_of
from tests.api.small_house import small_house


def raising(error: Exception) -> Callable[[], NoReturn]:
    def view() -> NoReturn:
        raise error

    return view


def asked(settings: Settings, view: Callable[[], Any], **options: Any) -> Any:
    with small_house(settings, {"POST /api/v1/door": view}) as client:
        return client.post("/api/v1/door", **options)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (errors.InvalidInput.of("near", "Takes a place."), 422, "invalid-input"),
        (errors.NotFound(), 404, "not-found"),
        (errors.StaleVersion("It is at version 3."), 412, "stale-version"),
        (errors.IndexUnavailable("The index is being built."), 503, "index-unavailable"),
        (errors.SeedError([("services.json", "3", "url", "wrong")]), 500, "internal-error"),
        (errors.UnsafeSettings("SECRET"), 500, "internal-error"),
        (sqlite3.OperationalError("SELECT * FROM people"), 500, "internal-error"),
        (KeyError("bergen"), 500, "internal-error"),
    ],
)
def test_an_exception_becomes_a_problem(settings: Settings, error: Exception, status: int, code: str) -> None:
    response = asked(settings, raising(error))
    assert response.status_code == status
    assert response.content_type == MEDIA_TYPE
    assert response.json["type"] == f"/problems/{code}"
    assert response.json["status"] == status
    assert response.json["title"] == PROBLEMS[code].title
    assert response.json["detail"]
    assert response.headers["Cache-Control"] == "no-store"
    if status == 500:
        assert response.json["detail"] == PROBLEMS[code].meaning


def test_what_is_not_there_is_told_in_the_same_words_whatever_was_asked_for(settings: Settings) -> None:
    told = {
        asked(settings, raising(errors.NotFound(said))).text
        for said in ("No service nalokson.", "Not yours.")
    }
    assert len(told) == 1
    assert "nalokson" not in told.pop()


def test_fields_that_are_wrong_are_named_with_what_they_take(settings: Settings) -> None:
    response = asked(
        settings, raising(errors.InvalidInput({"near": ["Takes a place."], "age": ["Takes a number."]}))
    )
    assert response.json["errors"] == {"near": ["Takes a place."], "age": ["Takes a number."]}


def test_a_field_whose_name_is_no_text_is_named_all_the_same(settings: Settings) -> None:
    response = asked(settings, raising(errors.InvalidInput({"\ud800": ["There is no \udfff."]})))
    assert (response.status_code, response.json["errors"]) == (422, {"?": ["There is no ?."]})


def test_an_index_that_is_being_built_says_when_to_come_back(settings: Settings) -> None:
    response = asked(settings, raising(errors.IndexUnavailable("The index is being built.")))
    assert int(response.headers["Retry-After"]) > 0


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "malformed-request"),
        (406, "request-refused"),
        (415, "unsupported-media-type"),
        (501, "internal-error"),
    ],
)
def test_an_abort_becomes_a_problem_with_the_same_status(settings: Settings, status: int, code: str) -> None:
    response = asked(settings, lambda: abort(status, "what the framework says about nalokson"))
    assert (response.status_code, response.json["status"]) == (status, status)
    assert response.json["type"] == f"/problems/{code}"
    assert "nalokson" not in response.text


def test_a_body_that_is_not_json_is_told_so_and_not_repeated(settings: Settings) -> None:
    response = asked(
        settings, lambda: request.get_json(), data='{"q": nalokson', content_type="application/json"
    )
    assert (response.status_code, response.json["type"]) == (400, "/problems/malformed-request")
    assert "nalokson" not in response.text


def test_a_body_that_is_too_large_is_refused(settings: Settings) -> None:
    response = asked(settings, lambda: request.get_data() and "", data=b"x" * 1001)
    assert (response.status_code, response.json["type"]) == (413, "/problems/too-large")


def test_a_method_that_is_not_taken_is_told_those_that_are(settings: Settings) -> None:
    with small_house(settings) as client:
        response = client.delete("/health")
    assert (response.status_code, response.json["type"]) == (405, "/problems/method-not-allowed")
    assert "GET" in response.headers["Allow"]


def test_an_address_that_does_not_exist_is_not_repeated(settings: Settings) -> None:
    with small_house(settings) as client:
        response = client.get("/api/v1/nalokson?q=bergen")
    assert (response.status_code, response.json["type"]) == (404, "/problems/not-found")
    assert "nalokson" not in response.text
    assert "bergen" not in response.text


@pytest.mark.parametrize(
    ("path", "accept", "page"),
    [
        ("/nowhere", "text/html,application/xhtml+xml,*/*;q=0.8", True),
        ("/nowhere", "*/*", False),
        ("/nowhere", "application/json", False),
        ("/api/v1/nowhere", "text/html,application/xhtml+xml,*/*;q=0.8", False),
    ],
)
def test_a_browser_gets_a_page_but_for_the_api(
    settings: Settings, path: str, accept: str, page: bool
) -> None:
    with small_house(settings) as client:
        response = client.get(path, headers={"Accept": accept})
    assert response.status_code == 404
    assert response.mimetype == ("text/html" if page else MEDIA_TYPE)


@pytest.mark.parametrize("code", sorted(PROBLEMS))
def test_what_a_problem_is_called_leads_to_its_explanation(settings: Settings, code: str) -> None:
    with small_house(settings) as client:
        told = client.get(f"/problems/{code}")
        read = client.get(f"/problems/{code}", headers={"Accept": "text/html"})
    assert told.json["meaning"] == PROBLEMS[code].meaning
    assert PROBLEMS[code].title in read.text


def test_a_problem_that_does_not_exist_is_not_explained(settings: Settings) -> None:
    with small_house(settings) as client:
        assert client.get("/problems/made-up").status_code == 404


def test_messages_from_any_place_come_out_by_field() -> None:
    assert fields_of({"query": {"per_page": ["Too many."]}}) == {"per_page": ["Too many."]}
    assert fields_of({"json": {"consent": {"covers": {0: ["Unknown."]}}}}) == {
        "consent.covers.0": ["Unknown."]
    }
    assert fields_of({"json": {"_schema": ["Takes an object."]}}) == {"body": ["Takes an object."]}
    assert fields_of({"json": ["Invalid JSON body."]}) == {"body": ["Invalid JSON body."]}


def test_an_answer_names_only_so_many_fields_and_only_so_much_of_a_name(settings: Settings) -> None:
    wrong = {f"{number:03}" + "x" * 500: ["No such parameter."] for number in range(500)}
    response = asked(settings, raising(errors.InvalidInput(wrong)))
    assert len(response.json["errors"]) == MOST_FIELDS
    assert len(response.text) < 10_000


def test_an_exception_on_the_way_out_is_no_stack_either(settings: Settings) -> None:
    with small_house(settings, {"GET /api/v1/door": lambda: "well"}) as client:

        def break_(response: Any) -> NoReturn:
            raise ValueError("nalokson")

        assert isinstance(client, FlaskClient)
        client.application.after_request(break_)
        client.application.config["PROPAGATE_EXCEPTIONS"] = False
        response = client.get("/api/v1/door")
    assert response.status_code == 500
    assert "nalokson" not in response.text
    assert "Traceback" not in response.text
