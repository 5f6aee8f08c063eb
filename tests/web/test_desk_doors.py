"""Coming to the desk and leaving it, and what is told when something can't be done; pages as a browser gets them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pyotp
import pytest
from flask.testing import FlaskClient

from directory.api.rooms import KEY
from directory.identity import DEVICE, SESSION
from directory.partners import invitations, one_time_codes
from directory.partners.access import Role, Scope
from directory.permissions import PERMISSIONS
from tests.partner_network import PASSWORD, Network
from tests.web.conftest import Desk

SIGN_IN = "/desk/sign-in"
ENGLISH = {"Accept-Language": "en"}


@pytest.fixture
def network(desk: Desk) -> Network:
    return desk.network


@pytest.fixture
def nobody(network: Network) -> FlaskClient:
    client = network.nobody()
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    client.environ_base["HTTP_SEC_FETCH_SITE"] = "same-origin"
    return client


def english(client: FlaskClient) -> FlaskClient:
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


def with_password(network: Network, name: str) -> str:
    """The address of a counsellor of the sender's who has the password."""
    email = f"{name}@sender.example.org"
    network.with_password("sender", Role.COUNSELLOR, email=email)
    return email


def heading(answer: Any) -> str:
    found = re.search(r"<h1>(.*?)</h1>", answer.text, re.S)
    assert found, answer.text
    return found.group(1).strip()


def test_who_is_not_signed_in_is_led_to_the_sign_in_and_back(network: Network, nobody: FlaskClient) -> None:
    email = with_password(network, "back")
    led = nobody.get("/desk/in?status=requested")
    assert (led.status_code, led.headers["Location"]) == (
        303,
        f"{SIGN_IN}?next=/desk/in%3Fstatus%3Drequested",
    )
    form = nobody.get(led.headers["Location"])
    assert 'name="next" value="/desk/in?status=requested"' in form.text
    assert "You have been signed out" not in form.text, "who was not here is not told that time ran out"
    said = {"email": email, "password": PASSWORD, "next": "/desk/in?status=requested"}
    answer = nobody.post(SIGN_IN, data=said)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/desk/in?status=requested")
    assert nobody.get("/desk").status_code == 200
    again = nobody.get(f"{SIGN_IN}?next=/desk/out")
    assert (again.status_code, again.headers["Location"]) == (303, "/desk/out"), (
        "who is here need not sign in"
    )


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/desk",
        "//evil.example/desk",
        "/desk//evil.example",
        "/deskevil",
        "/desk/../api/docs",
        "/desk\\evil",
        "/desk\r\nSet-Cookie: a=b",
        "/desk/é",
        "javascript:alert(1)",
        "",
    ],
)
def test_a_sign_in_leads_nowhere_but_to_the_desk(network: Network, nobody: FlaskClient, wanted: str) -> None:
    form = nobody.get(f"{SIGN_IN}?next={quote(wanted)}")
    assert 'name="next" value="/desk"' in form.text
    email = with_password(network, "nowhere")
    answer = nobody.post(SIGN_IN, data={"email": email, "password": PASSWORD, "next": wanted})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/desk")


def test_a_wrong_sign_in_tells_nobody_who_has_an_account(network: Network, nobody: FlaskClient) -> None:
    email = with_password(network, "known")
    pages = []
    for name in (email, "unknown@sender.example.org"):
        answer = nobody.post(
            SIGN_IN, data={"email": name, "password": "not the right one", "next": "/desk/out"}
        )
        assert answer.status_code == 401
        assert nobody.get_cookie(SESSION) is None
        assert "not the right one" not in answer.text
        assert f'value="{name}"' in answer.text, "the address need not be typed again"
        assert 'name="next" value="/desk/out"' in answer.text
        pages.append(answer.text.replace(name, ""))
    assert pages[0] == pages[1]
    empty = nobody.post(SIGN_IN, data={})
    assert empty.status_code == 422
    assert {'href="#field-email"', 'href="#field-password"'} <= set(
        re.findall(r'href="#field-\w+"', empty.text)
    )
    assert "<title>Error: Sign in" in empty.text


def test_who_guesses_has_to_wait_and_is_told_for_how_long(network: Network, nobody: FlaskClient) -> None:
    email = with_password(network, "guessed")
    for _ in range(20):
        answer = nobody.post(SIGN_IN, data={"email": email, "password": "a guess of somebody"})
        if answer.status_code != 401:
            break
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert re.search(r"Wait (a minute|\d+ minutes), then try again\.", answer.text)


def test_an_account_with_one_time_codes_takes_no_sign_in_without_one(
    network: Network, nobody: FlaskClient
) -> None:
    email = with_password(network, "device")
    account = network.account("sender", Role.COUNSELLOR, email=email)
    with network.database.unit_of_work() as session:
        device = pyotp.TOTP(one_time_codes.start(session, network.vault, account.id).secret)
        one_time_codes.confirm(session, network.vault, account.id, device.at(network.now), network.now)
        session.commit()
    network.later(minutes=2)
    said = {"email": email, "password": PASSWORD}
    assert nobody.post(SIGN_IN, data=said).status_code == 401
    assert nobody.post(SIGN_IN, data=said | {"code": device.at(network.now)}).status_code == 303


def test_signing_out_ends_the_sign_in_on_the_server_too(network: Network) -> None:
    client = english(network.person("sender", Role.COUNSELLOR))
    kept = client.get_cookie(SESSION)
    assert kept is not None
    answer = client.post("/desk/sign-out")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{SIGN_IN}?done=signed-out")
    assert "You are signed out." in client.get(answer.headers["Location"]).text
    client.set_cookie(SESSION, kept.value)
    assert client.get("/desk").status_code == 303
    assert client.post("/desk/sign-out").status_code == 303, "also where there is nothing to end any more"


def test_who_is_signed_out_by_time_is_told_so_and_led_back(network: Network) -> None:
    client = english(network.person("sender", Role.COORDINATOR))
    assert client.get("/desk/settings/keys").status_code == 200
    network.later(minutes=31)
    led = client.get("/desk/settings/keys")
    assert led.headers["Location"] == f"{SIGN_IN}?next=/desk/settings/keys"
    form = client.get(led.headers["Location"])
    assert "You have been signed out" in form.text and "30 minutes" in form.text


def test_what_is_sent_after_that_is_not_saved_and_not_lost(network: Network) -> None:
    client = english(network.person("sender", Role.COUNSELLOR))
    network.later(hours=13)
    said = {"text": "Vi kan møtes på <onsdag>.", "version": "1", "password": "should not be shown"}
    for path, back in (
        ("/desk/account/notices", "/desk/account"),
        ("/desk/account/codes/confirm", "/desk/account/codes"),
    ):
        answer = client.post(path, data=said)
        assert answer.status_code == 401
        assert "What you sent was not saved" in answer.text
        assert "Vi kan møtes på &lt;onsdag&gt;." in answer.text
        assert "should not be shown" not in answer.text
        assert f'name="next" value="{back}"' in answer.text, "the nearest page that can be asked for"


def invited(network: Network, name: str) -> str:
    account = network.account("sender", Role.COUNSELLOR, email=f"{name}@sender.example.org")
    with network.database.unit_of_work() as session:
        token = invitations.invite(session, account, network.now)
        session.commit()
    return invitations.address_of("https://help.example.org", "invitation", token)


def test_an_invitation_pasted_whole_lets_its_owner_choose_a_password(
    network: Network, nobody: FlaskClient
) -> None:
    link, path = invited(network, "new"), "/desk/invitation"
    assert heading(nobody.get(path)) == "Welcome: choose a password"
    for wrong, field in (
        ({"token": link, "password": "short", "again": "short"}, "password"),
        ({"token": link, "password": PASSWORD, "again": f"{PASSWORD}!"}, "again"),
        ({"token": "", "password": PASSWORD, "again": PASSWORD}, "token"),
        ({"token": f"{link}x", "password": PASSWORD, "again": PASSWORD}, "token"),
    ):
        answer = nobody.post(path, data=wrong)
        assert answer.status_code == 422
        assert re.findall(r'href="#field-(\w+)"', answer.text) == [field]
        assert PASSWORD not in answer.text
    answer = nobody.post(path, data={"token": link, "password": PASSWORD, "again": PASSWORD})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{SIGN_IN}?done=chosen")
    assert nobody.get_cookie(SESSION) is None and nobody.get_cookie(DEVICE) is not None
    used = nobody.post(path, data={"token": link, "password": PASSWORD, "again": PASSWORD})
    assert used.status_code == 422 and "used already" in used.text
    said = {"email": "new@sender.example.org", "password": PASSWORD}
    assert nobody.post(SIGN_IN, data=said).status_code == 303


def test_where_there_is_an_issuer_one_can_sign_in_by_it(
    network: Network, nobody: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    button = 'href="/api/v1/session/oidc"'
    assert button not in nobody.get(SIGN_IN).text
    settings = network.house.settings.model_copy(update={"oidc_issuer": "https://login.example.org"})
    monkeypatch.setitem(network.app.extensions, KEY, replace(network.house, settings=settings))
    assert button in nobody.get(SIGN_IN).text


def test_who_comes_back_from_the_issuer_in_vain_gets_a_page_and_a_program_json(nobody: FlaskClient) -> None:
    path = "/api/v1/session/oidc/callback?error=access_denied"
    assert nobody.get(path).json["type"] == "/problems/not-found"  # type: ignore[index]
    page = nobody.get(path, headers={"Accept": "text/html,*/*;q=0.8"})
    assert (page.status_code, heading(page)) == (404, "There is nothing here")


def test_every_change_at_the_desk_is_refused_where_another_site_sent_it(network: Network) -> None:
    """Also where a browser tells nothing but Origin, and where nobody has to be signed in."""
    client = network.person("sender", Role.COORDINATOR, Role.COUNSELLOR)
    client.environ_base.pop("HTTP_SEC_FETCH_SITE")
    paths = [name.removeprefix("POST ") for name in PERMISSIONS if name.startswith("POST /desk")]
    assert len(paths) > 20
    for path in paths:
        path = re.sub(r"<[^>]+>", "00000000-0000-4000-8000-000000000000", path)
        for headers in (
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
        ):
            answer = client.post(path, data={"language": "en", "email": "x"}, headers=headers | ENGLISH)
            assert (answer.status_code, heading(answer)) == (403, "Nothing was changed"), path
    assert client.get("/desk").status_code == 200, "nobody was signed out by it"


def test_what_can_not_be_done_at_the_desk_is_told_in_its_frame(network: Network) -> None:
    client = english(network.person("sender", Role.COUNSELLOR))
    gone = client.get("/desk/nothing/there")
    assert (gone.status_code, heading(gone)) == (404, "There is nothing here")
    refused = client.get("/desk/settings/keys")
    assert (refused.status_code, heading(refused)) == (403, "This is not open to you")
    large = client.post("/desk/account/notices", data={"notices": "x" * 300_000})
    assert (large.status_code, heading(large)) == (413, "That is too much")
    method = client.delete("/desk/account")
    assert (method.status_code, heading(method)) == (405, "There is nothing here")
    by_key = network.system("sender", *Scope).get("/desk", headers=ENGLISH)
    assert (by_key.status_code, heading(by_key)) == (403, "This is not open to you")
    for answer in (gone, refused, large, method, by_key):
        assert answer.content_type == "text/html; charset=utf-8"
        assert answer.headers["Cache-Control"] == "no-store"


def test_a_mistake_of_ours_is_told_without_any_of_it(
    network: Network, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("SELECT secret FROM account")

    client = english(network.person("sender", Role.COUNSELLOR))
    monkeypatch.setattr("directory.web.desk.account.members.set_notices", broken)
    answer = client.post("/desk/account/notices", data={"notices": "all", "note": "Det jeg skrev"})
    assert (answer.status_code, heading(answer)) == (500, "Something went wrong here")
    assert "secret" not in answer.text and "RuntimeError" not in answer.text
    assert "Det jeg skrev" in answer.text, "what somebody wrote is given back"
    monkeypatch.setattr("directory.web.desk.errors.render_template", broken)
    plain = client.post("/desk/account/notices", headers={"Accept": "text/html"})
    assert plain.status_code == 500 and "Something went wrong here" in plain.text
    assert "secret" not in plain.text, "also where the page of the mistake is broken itself"


def test_no_page_has_a_script_or_style_within_and_none_is_kept(network: Network) -> None:
    partners = network.person("sender", Role.COORDINATOR, Role.COUNSELLOR)
    steward = network.person(None, Role.STEWARD)
    for name in PERMISSIONS:
        path = name.removeprefix("GET ")
        if not path.startswith("/desk") or "<" in path:
            continue
        client = steward if path.startswith("/desk/corrections") else partners
        answer = client.get(path, follow_redirects=True)
        assert answer.status_code == 200, path
        assert (
            re.findall(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:", answer.text) == []
        ), path
        assert answer.headers["Cache-Control"] == "no-store", path
        assert answer.headers["Referrer-Policy"] == "same-origin", path
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'"), path


def test_one_sees_the_ways_that_are_open_to_one(network: Network) -> None:
    def ways(client: FlaskClient) -> set[str]:
        found = re.search(r'<nav class="places".*?</nav>', client.get("/desk").text, re.S)
        return set(re.findall(r'href="([^"]+)"', found.group())) if found else set()

    counsellor = ways(network.person("sender", Role.COUNSELLOR))
    assert {"/desk", "/desk/search", "/desk/in", "/desk/out", "/desk/due", "/desk/redeem"} == counsellor
    assert ways(network.person("sender", Role.COORDINATOR)) - counsellor == {
        "/desk/reports",
        "/desk/settings",
    }
    assert ways(network.person(None, Role.ADMIN)) == {"/desk"}
