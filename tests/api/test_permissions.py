from __future__ import annotations

from flask import Flask
from flask.testing import FlaskClient

from directory.permissions import PERMISSIONS, Who
from directory.security import permission_names


def test_every_route_stands_in_the_table_of_permissions_and_the_other_way_round(directory_app: Flask) -> None:
    routes = {name for rule in directory_app.url_map.iter_rules() for name in permission_names(rule)}
    assert routes - set(PERMISSIONS) == set(), "a route that nobody has decided about"
    assert set(PERMISSIONS) - routes == set(), "an entry without a route"


def test_what_the_public_may_do_is_to_read_to_search_and_to_sign_in() -> None:
    public = {name for name, who in PERMISSIONS.items() if who is Who.PUBLIC}
    assert {name for name in public if not name.startswith("GET ")} == {
        "POST /api/v1/search",
        "POST /api/v1/suggest",
        "POST /api/v1/services/<id>/corrections",  # a steward decides
        "POST /api/v1/session",
        "POST /api/v1/session/password",
        "POST /desk/sign-in",
        "POST /desk/sign-out",
        "POST /desk/invitation",
        "POST /desk/reset",
        "POST /desk/received/<token>",  # acknowledges, by a one-time link
        "POST /desk/language",
        "POST /<lang:lang>/",  # a search; changes nothing
        "POST /embed",  # a search on a partner's site; changes nothing
        "POST /<lang:lang>/services/<id>/mistake",  # a steward decides
        "POST /<lang:lang>/list",  # shows what it names; changes nothing
    }


def test_no_answer_sets_a_cookie(client: FlaskClient) -> None:
    for path in ("/", "/api/docs", "/api/v1/search?q=nalokson", "/health"):
        assert "Set-Cookie" not in client.get(path).headers
