"""A search that passes Flask by is answered as Flask would: same status, same headers, same bytes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder, run_wsgi_app

from directory.api import shortcut
from directory.api.arguments import SearchArguments
from directory.api.plain import NotPlain, Plain
from directory.api.rooms import KEY
from directory.permissions import PERMISSIONS, Who
from directory.security import HOLDS_KEY, WAIT
from tests.contract.test_search_contract import RIGHT, WRONG
from tests.seeded import SEEDED_ON

PATH = "/api/v1/search"
MOST = 2000  # bytes of a body
Answer = tuple[str, list[tuple[str, str]], bytes]
Ask = Callable[..., Answer]


def _asked(application: Any, method: str = "GET", body: bytes | None = None, **more: Any) -> Answer:
    environ = EnvironBuilder(path=more.pop("path", PATH), method=method, data=body).get_environ()
    environ["QUERY_STRING"] = more.pop("query", "")
    if body is not None:
        environ["CONTENT_TYPE"] = "application/json"
    environ.update(more)
    chunks, status, headers = run_wsgi_app(application, environ)
    return status, list(headers), b"".join(chunks)


@pytest.fixture(scope="module")
def ways(directory_app: Flask) -> Iterable[tuple[Ask, Ask, Ask]]:
    """Asked of Flask alone; with the shortcut before it; with the shortcut and nothing behind it. It is one moment."""
    house = replace(directory_app.extensions[KEY], clock=lambda: SEEDED_ON)
    flask = partial(Flask.wsgi_app, directory_app)

    def nobody(environ: object, start_response: object) -> Iterable[bytes]:
        raise LookupError("Flask was asked")

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(directory_app.extensions, KEY, house)
        patch.setitem(directory_app.config, "MAX_CONTENT_LENGTH", MOST)
        yield (
            partial(_asked, flask),
            partial(_asked, shortcut.before(flask, lambda: house, MOST)),
            partial(_asked, shortcut.before(nobody, lambda: house, MOST)),
        )


def typed(name: str) -> Any:
    """A right value as a program would send it in JSON."""
    told = RIGHT[name]
    return {"true": True}.get(told, int(told) if name in ("age", "page", "per_page") else told)


@pytest.mark.parametrize("name", RIGHT)
def test_each_right_parameter_passes_flask_by_and_is_answered_the_same(
    ways: tuple[Ask, Ask, Ask], name: str
) -> None:
    flask, _, alone = ways
    query = urlencode({name: RIGHT[name]})
    assert alone(query=query) == flask(query=query)
    for sent in (RIGHT[name], typed(name)):
        body = json.dumps({name: sent}).encode()
        assert alone("POST", body) == flask("POST", body)


def test_a_cookie_of_anybodys_passes_flask_by(ways: tuple[Ask, Ask, Ask]) -> None:
    flask, _, alone = ways
    for cookie in ("", "veiviser-language=nb", "a=b; c=d"):
        assert alone(query="q=hiv", HTTP_COOKIE=cookie) == flask(query="q=hiv", HTTP_COOKIE=cookie)


def test_all_parameters_at_once_pass_flask_by(ways: tuple[Ask, Ask, Ask]) -> None:
    flask, _, alone = ways
    query = urlencode([*RIGHT.items(), ("need", "detox"), ("language", "uk")])
    assert alone(query=query) == flask(query=query)
    assert alone()[0] == "200 OK"


@pytest.mark.parametrize("accepted", ["en-GB,en;q=0.9", "ru", "xx", "", "nb;q=0,*", "é"])
def test_the_language_is_chosen_the_same(ways: tuple[Ask, Ask, Ask], accepted: str) -> None:
    flask, _, alone = ways
    assert alone(query="need=naloxone", HTTP_ACCEPT_LANGUAGE=accepted) == flask(
        query="need=naloxone", HTTP_ACCEPT_LANGUAGE=accepted
    )


@pytest.mark.parametrize(("name", "value"), [(n, v) for n, values in WRONG.items() for v in values])
def test_what_is_wrong_is_told_by_flask(ways: tuple[Ask, Ask, Ask], name: str, value: str) -> None:
    flask, either, alone = ways
    query = urlencode({name: value})
    assert either(query=query) == flask(query=query)
    assert not flask(query=query)[0].startswith("200")
    with pytest.raises(LookupError):
        alone(query=query)


ODD: list[dict[str, Any]] = [
    {"method": "HEAD", "query": "q=hiv"},
    {"method": "OPTIONS"},
    {"method": "DELETE", "query": "q=hiv"},
    {"query": "page=1&page=2"},
    {"query": "q=%ff"},
    {"query": "q=hiv&raduis_km=5"},
    {"query": "q=" + "a" * 501},
    {"query": "q=hiv", "path": PATH + "/"},
    {"query": "q=hiv", "path": "/" + PATH},
    {"query": "q=hiv", WAIT: 7},
    {"query": "q=hiv", HOLDS_KEY: True},
    {"query": "q=hiv", "HTTP_HOST": ".."},
    {"query": "q=hiv", "HTTP_HOST": "a" * 64},
    {"query": "q=hiv", "HTTP_CONNECTION": "upgrade", "HTTP_UPGRADE": "websocket"},
    {"query": "q=hiv", "HTTP_AUTHORIZATION": "Bearer x"},
    {"query": "q=hiv", "HTTP_COOKIE": "a=b; veiviser-session=x"},
    {"query": "q=hiv", "HTTP_COOKIE": "__Host-veiviser-session=x"},
    {"method": "POST", "body": b""},
    {"method": "POST", "body": b"{"},
    {"method": "POST", "body": b"[]"},
    {"method": "POST", "body": b'{"near": []}'},
    {"method": "POST", "body": b'{"radius_km": 1e999, "near": "Oslo"}'},
    {"method": "POST", "body": b'{"radius_km": NaN, "near": "Oslo"}'},
    {"method": "POST", "body": b'{"page": 1.5}'},
    {"method": "POST", "body": b'{"page": true}'},
    {"method": "POST", "body": b'{"free": 1}'},
    {"method": "POST", "body": b'{"free": "yes"}'},
    {"method": "POST", "body": b'{"q": null}'},
    {"method": "POST", "body": b'{"q": "\\ud800"}'},
    {"method": "POST", "body": b'{"q": "\xff"}'},
    {"method": "POST", "body": b'{"q": "hiv"}' + b" " * MOST},
    {"method": "POST", "body": b'{"q": "hiv"}', "CONTENT_TYPE": "text/plain"},
    {"method": "POST", "body": b'{"q": "hiv"}', "CONTENT_TYPE": "application/json; charset=latin-1"},
    {"method": "POST", "body": b'{"q": "hiv"}', "CONTENT_LENGTH": "50"},
    {"method": "POST", "body": b'{"q": "hiv"}', "CONTENT_LENGTH": "+12"},
    {"method": "POST", "body": b'{"q": "hiv"}', "CONTENT_LENGTH": ""},
]


@pytest.mark.parametrize("odd", ODD, ids=str)
def test_what_is_odd_goes_to_flask(ways: tuple[Ask, Ask, Ask], odd: dict[str, Any]) -> None:
    flask, either, alone = ways
    assert either(**odd) == flask(**odd)
    with pytest.raises(LookupError):
        alone(**odd)


VALUES = (
    st.sampled_from([*RIGHT.values(), *(value for values in WRONG.values() for value in values), "1", "true"])
    | st.integers(-5, 200)
    | st.floats()
    | st.booleans()
    | st.none()
    | st.text(max_size=8)
)
SENT = st.dictionaries(
    st.sampled_from(sorted(RIGHT)) | st.text(max_size=3), VALUES | st.lists(VALUES, max_size=3), max_size=3
)
ANY_NUMBER = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@ANY_NUMBER
@given(sent=SENT)
def test_whatever_is_sent_is_answered_the_same_both_ways(
    ways: tuple[Ask, Ask, Ask], sent: dict[str, Any]
) -> None:
    flask, either, _ = ways
    query = urlencode(sent, doseq=True)
    assert either(query=query) == flask(query=query)
    body = json.dumps(sent).encode()
    assert either("POST", body) == flask("POST", body)


@ANY_NUMBER
@given(sent=SENT)
def test_what_is_read_as_plainly_right_is_what_the_schema_reads(sent: dict[str, Any]) -> None:
    plain, schema = Plain(SearchArguments()), SearchArguments()
    try:
        read = plain.body(json.dumps(sent).encode())
    except NotPlain:
        return
    assert read == schema.load(sent)
    assert {name: type(value) for name, value in read.items()} == {
        name: type(value) for name, value in schema.load(sent).items()
    }


def test_only_what_anybody_may_do_passes_the_permissions_by() -> None:
    assert {PERMISSIONS[f"{method} {shortcut.PATH}"] for method in ("GET", "POST")} == {Who.PUBLIC}


def test_a_search_that_fails_within_is_told_by_flask(
    ways: tuple[Ask, Ask, Ask], directory_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*given: object, **more: object) -> None:
        raise ValueError("nalokson")

    flask, either, _ = ways
    monkeypatch.setattr(type(directory_app.extensions[KEY].searcher), "answer", broken)
    assert either(query="q=hiv") == flask(query="q=hiv")
    assert flask(query="q=hiv")[0].startswith("500")
