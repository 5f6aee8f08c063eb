"""What a signed-in person's browser sends changes something only when our own pages sent it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from directory.api.rooms import KEY
from directory.identity import SESSION
from directory.partners.access import Role, Scope
from tests.partner_network import PASSWORD, Network

OURS = "http://127.0.0.1:8000"
KEYS = "/api/v1/keys"
NEW = {"label": "a system", "scopes": ["referrals:read"]}

FROM_OUR_PAGES: list[dict[str, str]] = [
    {"Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "none"},
    {"Origin": OURS},
    {"Origin": "http://localhost"},  # the host that this very request was sent to
]
FROM_ELSEWHERE: list[dict[str, str]] = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},  # another host of our own domain
    {"Sec-Fetch-Site": "cross-site", "Origin": OURS},
    {"Sec-Fetch-Site": ""},
    {"Origin": "https://evil.example"},
    {"Origin": f"{OURS}.evil.example"},
    {"Origin": "http://127.0.0.1:8001"},
    {"Origin": "https://127.0.0.1:8000"},
    {"Origin": "null"},
    {"Origin": ""},
]


@pytest.mark.parametrize("headers", FROM_OUR_PAGES, ids=str)
def test_our_own_pages_may_change_something(network: Network, headers: dict[str, str]) -> None:
    client = network.person("sender", Role.COORDINATOR)
    client.environ_base.pop("HTTP_SEC_FETCH_SITE")
    assert client.post(KEYS, json=NEW, headers=headers).status_code == 201


@pytest.mark.parametrize("headers", [*FROM_ELSEWHERE, {}], ids=str)
def test_what_comes_from_elsewhere_or_does_not_say_changes_nothing(
    network: Network, headers: dict[str, str]
) -> None:
    client = network.person("sender", Role.COORDINATOR)
    client.environ_base.pop("HTTP_SEC_FETCH_SITE")
    for method, path in (("POST", KEYS), ("DELETE", "/api/v1/session"), ("PATCH", "/api/v1/members/7")):
        answer = client.open(path, method=method, json=NEW, headers=headers)
        assert answer.status_code == 403
        assert answer.json["type"] == "/problems/from-another-site"  # type: ignore[index]
    assert client.get(KEYS, headers=headers).json == {"keys": []}, (
        "reading is no change, and told to no other site"
    )


def test_where_one_proxy_renames_the_host_the_address_of_the_setting_counts(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = network.house.settings.model_copy(update={"base_url": "https://help.example.org/veiviser"})
    monkeypatch.setitem(network.app.extensions, KEY, replace(network.house, settings=settings))
    client = network.person("sender", Role.COORDINATOR)
    client.environ_base.pop("HTTP_SEC_FETCH_SITE")
    for origin, status in (("https://help.example.org", 201), (OURS, 403)):
        assert client.post(KEYS, json=NEW, headers={"Origin": origin}).status_code == status


@pytest.mark.parametrize("headers", FROM_ELSEWHERE, ids=str)
def test_a_key_is_sent_on_purpose_wherever_it_comes_from(network: Network, headers: dict[str, str]) -> None:
    client = network.system("sender", Scope.REFERRALS_WRITE)
    answer = client.post("/api/v1/referrals/redeem", json={"code": "0000-0000-0000-0"}, headers=headers)
    assert answer.status_code == 404


@pytest.mark.parametrize("headers", FROM_ELSEWHERE, ids=str)
def test_no_other_site_signs_a_browser_in_or_chooses_a_password(
    network: Network, headers: dict[str, str]
) -> None:
    network.with_password("sender", Role.COUNSELLOR)
    client = network.nobody()
    body = {"email": "counsellor@sender.example.org", "password": PASSWORD, "token": "x"}
    for path, wanted in (("", ("email", "password")), ("/password", ("token", "password"))):
        answer = client.post(
            f"/api/v1/session{path}", json={name: body[name] for name in wanted}, headers=headers
        )
        assert answer.status_code == 403
        assert answer.json["type"] == "/problems/from-another-site"  # type: ignore[index]
    assert client.get_cookie(SESSION) is None
