from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest
from flask import request

from directory.config import Settings
from directory.partners.access import READ_REFERRALS, Identity, Role, Scope
from directory.permissions import PERMISSIONS, Entry, May, Who
from directory.security import CLOSED_TO_OTHER_SITES, HSTS, OPEN_TO_OTHER_SITES, RateLimiter
from tests.api.small_house import small_house

DOOR = {"GET /api/v1/door": lambda: "well"}


def test_every_answer_tells_the_browser_to_trust_nobody_else(settings: Settings) -> None:
    with small_house(settings) as client:
        for path in ("/health", "/nowhere"):
            headers = client.get(path).headers
            policy = headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert "http" not in policy
            assert "frame-ancestors 'none'" in policy
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Referrer-Policy"] == "no-referrer"
            assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
            assert headers["Cache-Control"] == "no-store"
            assert "Strict-Transport-Security" not in headers


def test_production_keeps_browsers_on_https() -> None:
    settings = Settings(
        _env_file=None,
        environment="production",
        secret_key="k" * 40,  # type: ignore[arg-type]
        encryption_keys="k" * 43 + "=",  # type: ignore[arg-type]
        base_url="https://help.example.org",
        rate_limits="off",
    )
    with small_house(settings) as client:
        assert client.get("/health").headers["Strict-Transport-Security"] == HSTS


def test_any_site_may_ask_the_api_without_credentials(settings: Settings) -> None:
    with small_house(settings, DOOR) as client:
        for path in ("/api/v1/door", "/api/v1/nowhere"):
            headers = client.get(path, headers={"Origin": "https://partner.example"}).headers
            assert headers["Access-Control-Allow-Origin"] == "*"
            assert "Access-Control-Allow-Credentials" not in headers
        asked_first = client.options("/api/v1/door", headers={"Origin": "https://partner.example"})
        assert asked_first.status_code == 200
        assert "Content-Type" in asked_first.headers["Access-Control-Allow-Headers"]
        assert "Access-Control-Allow-Origin" not in client.get("/health").headers


def test_a_route_that_is_not_in_the_table_is_refused(settings: Settings) -> None:
    with small_house(settings, DOOR, unlisted=frozenset(DOOR)) as client:
        assert client.get("/api/v1/door").status_code == 404
        assert client.head("/api/v1/door").status_code == 404
    with small_house(settings, DOOR) as client:
        assert client.get("/api/v1/door").status_code == 200


@pytest.mark.parametrize(
    ("sender", "forwarded", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("192.0.2.7", {}, 404),
        ("", {}, 404),
        ("127.0.0.1", {"X-Forwarded-For": "192.0.2.7"}, 404),
        ("127.0.0.1", {"Forwarded": "for=192.0.2.7"}, 404),
    ],
)
def test_metrics_are_told_to_programs_on_this_machine_only(
    settings: Settings, sender: str, forwarded: dict[str, str], status: int
) -> None:
    with small_house(settings) as client:
        response = client.get("/metrics", environ_base={"REMOTE_ADDR": sender}, headers=forwarded)
        assert response.status_code == status


def test_metrics_are_told_to_all_where_that_is_set(settings: Settings) -> None:
    with small_house(settings.model_copy(update={"metrics_public": True})) as client:
        assert client.get("/metrics", environ_base={"REMOTE_ADDR": "192.0.2.7"}).status_code == 200


def test_who_asks_too_much_is_told_when_to_come_back(settings: Settings) -> None:
    limited = settings.model_copy(update={"rate_limits": "3/minute"})
    with small_house(limited, DOOR) as client:
        one, other = {"REMOTE_ADDR": "192.0.2.7"}, {"REMOTE_ADDR": "192.0.2.8"}
        assert [client.get("/api/v1/door", environ_base=one).status_code for _ in range(4)] == [
            200,
            200,
            200,
            429,
        ]
        refused = client.get("/api/v1/door", environ_base=one)
        assert refused.json["type"] == "/problems/too-many-requests"  # type: ignore[index]
        assert 0 < int(refused.headers["Retry-After"]) <= 61
        assert client.get("/api/v1/door", environ_base=other).status_code == 200
        assert client.get("/health", environ_base=one).status_code == 200


def test_who_tries_to_come_to_the_desk_is_counted_and_who_has_come_is_not(settings: Settings) -> None:
    limited = settings.model_copy(update={"rate_limits": "4/minute"})
    with small_house(limited) as client:
        one = {"REMOTE_ADDR": "192.0.2.7"}
        doors = ("sign-in", "reset", "invitation", "received/x", "sign-in")
        got = [client.post(f"/desk/{path}", environ_base=one).status_code for path in doors]
        assert got == [404, 404, 404, 404, 429]  # this house has no pages
        assert client.get("/desk/in", environ_base=one).status_code == 404


def test_a_program_on_this_machine_that_asks_directly_is_not_counted(settings: Settings) -> None:
    limited = settings.model_copy(update={"rate_limits": "1/day"})
    with small_house(limited, DOOR) as client:
        here = {"REMOTE_ADDR": "127.0.0.1"}
        assert {client.get("/api/v1/door", environ_base=here).status_code for _ in range(3)} == {200}
        by_proxy = {"X-Forwarded-For": "192.0.2.7"}
        statuses = [
            client.get("/api/v1/door", environ_base=here, headers=by_proxy).status_code for _ in range(2)
        ]
        assert statuses == [200, 429]


def test_the_whole_network_of_an_ipv6_subscriber_is_one_client() -> None:
    limiter = RateLimiter("1/day")
    assert limiter.take("2001:db8:1:2::1") == 0
    assert limiter.take("2001:db8:1:2:ffff::9") > 0
    assert limiter.take("2001:db8:1:3::1") == 0


def test_no_limit_is_kept_where_it_is_off() -> None:
    limiter = RateLimiter("off")
    assert not any(limiter.take("192.0.2.7") for _ in range(1000))


def test_no_address_is_kept() -> None:
    limiter = RateLimiter("5/minute")
    limiter.take("192.0.2.7")
    assert limiter._windows is not None
    assert "192.0.2.7" not in repr(vars(limiter._windows.storage))


def test_a_request_gets_an_id_of_ours_whatever_it_says_itself(settings: Settings) -> None:
    with small_house(settings, {"GET /api/v1/door": lambda: request.path}) as client:
        ids = {
            client.get("/health", headers={"X-Request-Id": "theirs"}).headers["X-Request-Id"]
            for _ in range(2)
        }
    assert len(ids) == 2
    assert "theirs" not in ids


COORDINATOR = Identity(uuid4(), uuid4(), frozenset({Role.COORDINATOR}))
READER = Identity(uuid4(), uuid4(), scopes=frozenset({Scope.REFERRALS_READ}), is_key=True)
REFERRALS = May(READ_REFERRALS, Scope.REFERRALS_READ)


@pytest.mark.parametrize(
    ("entry", "identity", "status"),
    [
        (REFERRALS, None, 401),
        (REFERRALS, COORDINATOR, 200),
        (REFERRALS, READER, 200),
        (REFERRALS, replace(COORDINATOR, roles=frozenset({Role.ADMIN, Role.EDITOR})), 403),
        (REFERRALS, replace(READER, scopes=frozenset({Scope.REFERRALS_WRITE})), 403),
        (May(frozenset({Role.COORDINATOR})), READER, 403),
        (Who.SIGNED_IN, None, 401),
        (Who.SIGNED_IN, COORDINATOR, 200),
        (Who.SIGNED_IN, READER, 403),
        (Who.PUBLIC, None, 200),
    ],
)
def test_the_table_decides_who_may_before_the_view_is_asked(
    settings: Settings, entry: Entry, identity: Identity | None, status: int
) -> None:
    with small_house(settings, DOOR, entry=entry, who_asks=lambda: identity) as client:
        response = client.get("/api/v1/door")
    assert response.status_code == status
    assert ("WWW-Authenticate" in response.headers) == (status == 401)


def test_who_asks_is_looked_up_only_where_it_matters(settings: Settings) -> None:
    def who_asks() -> Identity | None:
        raise AssertionError("a public door needs to know nobody")

    with small_house(settings, DOOR, who_asks=who_asks) as client:
        assert client.get("/api/v1/door").status_code == 200
        assert client.options("/api/v1/door").status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        "q=veiviser_4fGh29aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789abcde",
        "q=hiv&near=veiviser%5F4fGh29aBcDeFgHiJkLmNo",
        "access_token=anything",
        "q=hiv&api_key=anything",
        "API-Key=anything",
        "token=",
    ],
)
def test_a_key_in_an_address_is_refused_everywhere(settings: Settings, query: str) -> None:
    with small_house(settings, DOOR) as client:
        for path in ("/api/v1/door", "/health", "/nowhere"):
            response = client.get(f"{path}?{query}")
            assert response.status_code == 400
            assert response.json["type"] == "/problems/key-in-address"  # type: ignore[index]
            assert "4fGh29" not in response.text


@pytest.mark.parametrize(
    "query", ["q=veiviser", "q=key+worker", "q=monkey%3Dlove", "near=Tokenlund", "keyword=a"]
)
def test_words_that_only_sound_like_a_key_are_none(settings: Settings, query: str) -> None:
    with small_house(settings, DOOR) as client:
        assert client.get(f"/api/v1/door?{query}").status_code == 200


def test_where_cookies_and_keys_are_read_no_other_site_may_ask(settings: Settings) -> None:
    doors = {"GET /api/v1/referrals/<id>": lambda id: id, **DOOR}
    with small_house(settings, doors) as client:
        for method in ("GET", "OPTIONS"):
            headers = client.open("/api/v1/referrals/7", method=method).headers
            assert not [name for name, _ in headers if name.startswith("Access-Control")]
            assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
            assert "Access-Control-Allow-Origin" in client.open("/api/v1/door", method=method).headers


def test_every_door_that_is_not_for_all_is_closed_to_other_sites() -> None:
    for name, who in PERMISSIONS.items():
        _, _, rule = name.partition(" ")
        if who not in (Who.PUBLIC, Who.OPERATOR) and rule.startswith(OPEN_TO_OTHER_SITES):
            assert rule.startswith(CLOSED_TO_OTHER_SITES), name
