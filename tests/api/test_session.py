"""Signing in and out, as a browser does it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyotp
import pytest
from flask.testing import FlaskClient

from directory.api.rooms import KEY
from directory.identity import DEVICE, SESSION
from directory.partners import invitations, lockout
from directory.partners.access import Role, Scope
from tests.partner_network import PASSWORD, Network

URL = "/api/v1/session"
EMAIL = "counsellor@sender.example.org"


def signing_in(client: FlaskClient, **said: Any) -> Any:
    return client.post(URL, json={"email": EMAIL, "password": PASSWORD} | said)


@pytest.fixture
def counsellor(network: Network) -> Network:
    network.with_password("sender", Role.COUNSELLOR)
    return network


def test_a_person_signs_in_is_known_and_signs_out(counsellor: Network) -> None:
    client = counsellor.nobody()
    assert client.get(URL).status_code == 401
    answer = signing_in(client, email=EMAIL.upper())
    assert answer.status_code == 200
    assert answer.json == client.get(URL).json
    assert answer.json["email"] == EMAIL
    assert answer.json["partner"]["slug"] == "sender"
    assert (answer.json["roles"], answer.json["totp"]) == (["counsellor"], False)
    assert answer.headers["Cache-Control"] == "no-store"
    token = client.get_cookie(SESSION)
    assert token is not None
    gone = client.delete(URL, headers={"Origin": "http://127.0.0.1:8000"})
    assert (gone.status_code, gone.data) == (204, b"")
    assert client.get_cookie(SESSION) is None
    client.set_cookie(SESSION, token.value)
    assert client.get(URL).status_code == 401, "the sign-in has ended, whoever still has the cookie"


def test_no_script_can_read_the_cookie_and_no_other_site_can_have_it_sent(counsellor: Network) -> None:
    cookies = signing_in(counsellor.nobody()).headers.getlist("Set-Cookie")
    assert len(cookies) == 2
    for cookie in cookies:
        assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
        assert "Domain" not in cookie
        assert ("Max-Age" in cookie) == cookie.startswith(DEVICE)


def test_in_production_the_cookies_are_bound_to_https_and_this_host(
    counsellor: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = counsellor.house.settings.model_copy(update={"environment": "production"})
    monkeypatch.setitem(counsellor.app.extensions, KEY, replace(counsellor.house, settings=settings))
    client = counsellor.nobody()
    answer = client.post(URL, json={"email": EMAIL, "password": PASSWORD}, base_url="https://localhost")
    for cookie in answer.headers.getlist("Set-Cookie"):
        assert cookie.startswith("__Host-veiviser-")
        assert "Secure" in cookie.split("; ")
    assert client.get(URL, base_url="https://localhost").status_code == 200


def test_all_that_is_wrong_is_answered_alike(counsellor: Network) -> None:
    told = set()
    for said in ({"password": "x"}, {"email": "nobody@sender.example.org"}, {"email": "\x00"}, {"email": ""}):
        answer = signing_in(counsellor.nobody(), **said)
        assert answer.status_code == 401
        assert "Set-Cookie" not in answer.headers
        told.add(answer.text)
    assert len(told) == 1
    assert "sign-in-failed" in told.pop()


def test_fields_that_are_missing_are_named(counsellor: Network) -> None:
    answer = counsellor.nobody().post(URL, json={"emial": EMAIL, "password": None})
    assert answer.status_code == 422
    assert set(answer.json["errors"]) >= {"emial"}  # type: ignore[index]
    answer = counsellor.nobody().post(URL, json={"password": None})
    assert answer.json["errors"] == {"email": ["Is needed."], "password": ["Is needed."]}  # type: ignore[index]


def test_who_guesses_has_to_wait_and_the_owner_who_was_here_before_has_not(counsellor: Network) -> None:
    mine, guesser = counsellor.nobody(), counsellor.nobody()
    assert signing_in(mine).status_code == 200
    statuses = [signing_in(guesser, password=f"guess {n}").status_code for n in range(8)]
    assert statuses == [401] * 5 + [429] * 3
    waiting = signing_in(guesser)
    assert waiting.status_code == 429
    assert int(waiting.headers["Retry-After"]) > 0
    assert waiting.json["type"] == "/problems/too-many-attempts"
    assert signing_in(mine).status_code == 200
    counsellor.later(minutes=16)
    assert signing_in(guesser).status_code == 200


def test_whoever_chose_the_password_in_this_browser_is_not_kept_out_by_guesses(network: Network) -> None:
    account = network.account("sender", Role.COUNSELLOR)
    with network.database.unit_of_work() as session:
        token = invitations.invite(session, account, network.now)
        session.commit()
    mine, guesser = network.nobody(), network.nobody()
    assert mine.post(f"{URL}/password", json={"token": token, "password": PASSWORD}).status_code == 204
    assert mine.get(URL).status_code == 401, "choosing a password signs nobody in"
    for n in range(8):
        signing_in(guesser, password=f"guess {n}")
    assert signing_in(mine).status_code == 200


def test_signing_in_again_ends_the_sign_in_of_before_in_this_browser(counsellor: Network) -> None:
    client = counsellor.nobody()
    signing_in(client)
    before = client.get_cookie(SESSION)
    assert before is not None
    signing_in(client)
    other = counsellor.nobody()
    other.set_cookie(SESSION, before.value)
    assert other.get(URL).status_code == 401
    assert client.get(URL).status_code == 200


def test_a_sign_in_ends_when_nothing_is_asked_for_half_an_hour(counsellor: Network) -> None:
    client = counsellor.nobody()
    until = signing_in(client).json["until"]
    counsellor.later(minutes=29)
    assert client.get(URL).json["until"] > until  # type: ignore[index]
    counsellor.later(minutes=29)
    assert client.get(URL).status_code == 200
    counsellor.later(minutes=30)
    assert client.get(URL).status_code == 401


def test_an_invitation_works_once_and_says_what_a_password_takes(network: Network) -> None:
    account = network.account("sender", Role.COUNSELLOR)
    with network.database.unit_of_work() as session:
        token = invitations.invite(session, account, network.now)
        session.commit()
    client = network.nobody()

    def choose(password: str) -> Any:
        return client.post(f"{URL}/password", json={"token": token, "password": password})

    weak = choose("kort")
    assert (weak.status_code, list(weak.json["errors"])) == (422, ["password"])
    assert choose(PASSWORD).status_code == 204
    again = choose(PASSWORD)
    assert (again.status_code, list(again.json["errors"])) == (422, ["token"])
    unknown = client.post(f"{URL}/password", json={"token": "æ\ud800", "password": PASSWORD})
    assert (unknown.status_code, unknown.text) == (again.status_code, again.text)


def test_one_time_codes_are_asked_for_once_they_are_confirmed(counsellor: Network) -> None:
    client = counsellor.person("sender", Role.COUNSELLOR)
    enrolment: Any = client.post(f"{URL}/totp").json
    assert enrolment["uri"].startswith("otpauth://totp/Veiviser:")
    assert enrolment["qr_svg"].startswith("<svg")
    codes = pyotp.TOTP(enrolment["secret"])
    assert signing_in(counsellor.nobody()).status_code == 200, "not confirmed yet"
    assert client.put(f"{URL}/totp", json={"code": "000"}).status_code == 422
    assert client.put(f"{URL}/totp", json={"code": codes.at(counsellor.now)}).status_code == 204
    assert client.get(URL).json["totp"] is True  # type: ignore[index]
    assert client.post(f"{URL}/totp").status_code == 409

    counsellor.later(seconds=60)
    code = codes.at(counsellor.now)
    assert signing_in(counsellor.nobody()).status_code == 401
    assert signing_in(counsellor.nobody(), code=code).status_code == 200
    assert signing_in(counsellor.nobody(), code=code).status_code == 401, "no code is taken twice"

    counsellor.later(minutes=5)
    assert client.delete(f"{URL}/totp", json={"code": "000000"}).status_code in (422,)
    assert client.delete(f"{URL}/totp", json={"code": codes.at(counsellor.now)}).status_code == 204
    assert signing_in(counsellor.nobody()).status_code == 200


def test_guesses_of_a_code_by_who_has_the_browser_have_to_wait(counsellor: Network) -> None:
    client = counsellor.person("sender", Role.COUNSELLOR)
    secret: Any = client.post(f"{URL}/totp").json
    client.put(f"{URL}/totp", json={"code": pyotp.TOTP(secret["secret"]).at(counsellor.now)})
    statuses = [
        client.delete(f"{URL}/totp", json={"code": "12345"}).status_code for _ in range(lockout.FREE + 1)
    ]
    assert statuses == [422] * lockout.FREE + [429]


def test_a_disabled_member_or_partner_is_out_at_once(counsellor: Network) -> None:
    from directory.partners import members, partnering

    client = counsellor.person("sender", Role.COUNSELLOR)
    other = counsellor.person("sender", Role.EDITOR)
    key = counsellor.system("sender", Scope.REFERRALS_READ)
    assert (client.get(URL).status_code, key.get("/api/v1/referrals").status_code) == (200, 200)
    with counsellor.database.unit_of_work() as session:
        members.set_account_active(session, counsellor.account("sender", Role.COUNSELLOR), False)
        session.commit()
    assert (client.get(URL).status_code, other.get(URL).status_code) == (401, 200)
    assert signing_in(counsellor.nobody()).status_code == 401
    with counsellor.database.unit_of_work() as session:
        partnering.set_active(session, counsellor.partners["sender"], False, now=counsellor.now)
        session.commit()
    assert (other.get(URL).status_code, key.get("/api/v1/referrals").status_code) == (401, 401)


@pytest.mark.parametrize("sent", ["Bearer", "Bearer ", "Bearer x", "bearer veiviser_x", "Bearer " + "é" * 60])
def test_what_is_no_key_is_nobody_even_beside_a_cookie(counsellor: Network, sent: str) -> None:
    client = counsellor.person("sender", Role.COUNSELLOR)
    assert client.get("/api/v1/referrals").status_code == 200
    refused = client.get("/api/v1/referrals", headers={"Authorization": sent})
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"] == 'Bearer realm="Veiviser"'


def test_whoever_signs_in_leaves_no_plain_token_and_no_address_of_theirs_behind(counsellor: Network) -> None:
    from sqlmodel import select

    from directory.partners.models import SignedIn, SignInFailures

    client = counsellor.nobody()
    signing_in(client, password="wrong")
    signing_in(client)
    token = client.get_cookie(SESSION)
    assert token is not None
    with counsellor.database.reading() as session:
        kept = repr([*session.exec(select(SignedIn)), *session.exec(select(SignInFailures))])
    assert token.value not in kept
    assert "127.0.0.1" not in kept
    assert EMAIL not in kept
