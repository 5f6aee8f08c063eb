"""Signing in by OpenID Connect, against a real provider on loopback; also one that says what it should not."""

from __future__ import annotations

import hmac
import warnings
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from types import ModuleType
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest
import requests
from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import RSAKey
from pydantic import SecretStr

from directory.api import oidc
from directory.api.rooms import KEY
from directory.identity import SESSION
from directory.partners import members
from directory.partners.access import Role
from tests.partner_network import Network

# The provider is made by an older way of its library's.
pytestmark = pytest.mark.filterwarnings("ignore:get_jwt_config:DeprecationWarning")

URL = "/api/v1/session/oidc"
EMAIL = "counsellor@sender.example.org"
CLIENT_ID = "veiviser"


@pytest.fixture(scope="module")
def provider() -> ModuleType:
    with warnings.catch_warnings(record=True):  # that what it is made of will be another
        import oidc_provider_mock
        import oidc_provider_mock._app

        return oidc_provider_mock


@contextmanager
def running(provider: ModuleType, **options: Any) -> Iterator[str]:
    with provider.run_server_in_thread(require_nonce=True, **options) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture
def issuer(provider: ModuleType) -> Iterator[str]:
    with running(provider) as address:
        yield address


def trusting(network: Network, monkeypatch: pytest.MonkeyPatch, issuer: str) -> Network:
    """The network, whose installation trusts this issuer. What its application knew of another is put back."""
    settings = network.house.settings.model_copy(
        update={"oidc_issuer": issuer, "oidc_client_id": CLIENT_ID, "oidc_client_secret": SecretStr("s")}
    )
    monkeypatch.setitem(network.app.extensions, KEY, replace(network.house, settings=settings))
    monkeypatch.setitem(network.app.extensions, oidc.KEY, None)
    monkeypatch.setitem(network.app.extensions, "authlib.integrations.flask_client", None)
    oidc.register(network.app, settings)
    return network


@pytest.fixture
def house(network: Network, monkeypatch: pytest.MonkeyPatch, issuer: str) -> Network:
    network.account("sender", Role.COUNSELLOR)
    return trusting(network, monkeypatch, issuer)


def vouch(issuer: str, subject: str, **claims: Any) -> None:
    requests.put(f"{issuer}/users/{subject}", json=claims, timeout=10).raise_for_status()


def led_back(client: FlaskClient, subject: str, **form: str) -> str:
    """The address at which the issuer sends the browser back, after ``subject`` has signed in there."""
    led_there = client.get(URL)
    assert led_there.status_code == 302, led_there.text
    answer = requests.post(
        led_there.headers["Location"], data={"sub": subject} | form, allow_redirects=False, timeout=10
    )
    assert answer.is_redirect, answer.text
    parts = urlsplit(answer.headers["Location"])
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"http://127.0.0.1:8000{URL}/callback"
    return f"{parts.path}?{parts.query}"


def signing_in(client: FlaskClient, subject: str, **form: str) -> Any:
    return client.get(led_back(client, subject, **form))


def refused(answer: Any, client: FlaskClient) -> bool:
    assert answer.status_code == 401
    assert answer.json["type"] == "/problems/sign-in-failed"
    return client.get_cookie(SESSION) is None and client.get("/api/v1/session").status_code == 401


def test_who_the_issuer_vouches_for_signs_in_to_the_account_of_the_verified_address(
    house: Network, issuer: str
) -> None:
    vouch(issuer, "kari", email=EMAIL.upper(), email_verified=True)
    client = house.nobody()
    answer = signing_in(client, "kari")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/desk")
    assert client.get("/api/v1/session").json["email"] == EMAIL  # type: ignore[index]
    assert client.get_cookie(oidc.STATE) is None, "what was for the way there and back is gone"


def test_the_way_there_asks_for_what_protects_the_way_back(house: Network) -> None:
    led_there = house.nobody().get(URL)
    asked = {
        name: values[0] for name, values in parse_qs(urlsplit(led_there.headers["Location"]).query).items()
    }
    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    assert min(len(asked[name]) for name in ("state", "nonce", "code_challenge")) >= 20
    assert set(asked["scope"].split()) == {"openid", "email"}
    (cookie,) = led_there.headers.getlist("Set-Cookie")
    assert cookie.startswith(f"{oidc.STATE}=")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))


def test_afterwards_the_account_is_known_by_the_subject_whatever_the_address(
    house: Network, issuer: str
) -> None:
    vouch(issuer, "kari", email=EMAIL, email_verified=True)
    signing_in(house.nobody(), "kari")
    vouch(issuer, "kari", email="kari@elsewhere.example.org", email_verified=False)
    client = house.nobody()
    assert signing_in(client, "kari").status_code == 302
    assert client.get("/api/v1/session").json["email"] == EMAIL  # type: ignore[index]


def test_an_account_that_one_subject_has_is_not_given_to_another(house: Network, issuer: str) -> None:
    for subject in ("kari", "ola"):
        vouch(issuer, subject, email=EMAIL, email_verified=True)
    assert signing_in(house.nobody(), "kari").status_code == 302
    client = house.nobody()
    assert refused(signing_in(client, "ola"), client)


@pytest.mark.parametrize(
    "claims",
    [
        {"email": EMAIL},
        {"email": EMAIL, "email_verified": False},
        {"email": EMAIL, "email_verified": "true"},
        {"email": "stranger@example.org", "email_verified": True},
        {"email": [EMAIL], "email_verified": True},
        {"email_verified": True},
    ],
    ids=str,
)
def test_nobody_is_let_in_or_made_by_what_is_not_verified(
    house: Network, issuer: str, claims: dict[str, Any]
) -> None:
    vouch(issuer, "kari", **claims)
    client = house.nobody()
    assert refused(signing_in(client, "kari"), client)
    with house.database.reading() as session:
        (only,) = members.accounts(session)
    assert only.oidc_subject is None


def test_a_disabled_account_is_not_let_in(house: Network, issuer: str) -> None:
    vouch(issuer, "kari", email=EMAIL, email_verified=True)
    with house.database.unit_of_work() as session:
        members.set_account_active(session, house.account("sender", Role.COUNSELLOR), False)
        session.commit()
    client = house.nobody()
    assert refused(signing_in(client, "kari"), client)


def test_a_state_that_is_not_of_this_browser_is_refused(house: Network, issuer: str) -> None:
    vouch(issuer, "kari", email=EMAIL, email_verified=True)
    mine, theirs = house.nobody(), house.nobody()
    back = led_back(theirs, "kari")
    assert refused(mine.get(back), mine), "somebody else's sign-in, led to me"
    mine.get(URL)
    assert refused(mine.get(back), mine)
    assert refused(mine.get(f"{URL}/callback"), mine)
    assert refused(mine.get(f"{URL}/callback?code=x&state=y"), mine)


def test_a_way_back_leads_in_once(house: Network, issuer: str) -> None:
    vouch(issuer, "kari", email=EMAIL, email_verified=True)
    client = house.nobody()
    back = led_back(client, "kari")
    assert client.get(back).status_code == 302
    client.delete("/api/v1/session", headers={"Sec-Fetch-Site": "same-origin"})
    assert refused(client.get(back), client)


def test_who_says_no_at_the_issuer_is_not_signed_in(house: Network, issuer: str) -> None:
    client = house.nobody()
    assert refused(signing_in(client, "kari", action="deny"), client)


def test_an_answer_that_names_another_issuer_is_refused(house: Network, issuer: str) -> None:
    vouch(issuer, "kari", email=EMAIL, email_verified=True)
    client = house.nobody()
    assert refused(client.get(led_back(client, "kari") + "&iss=https://evil.example"), client)


def signed(claims: dict[str, Any], key: dict[str, Any]) -> str:
    return jwt.encode({"alg": "RS256"}, claims, RSAKey.import_key(key))


def unsigned(claims: dict[str, Any], key: dict[str, Any]) -> str:
    return f"{base64_of({'alg': 'none'})}.{base64_of(claims)}."


def signed_by_what_is_public(claims: dict[str, Any], key: dict[str, Any]) -> str:
    """As if the issuer's public key were a secret that it shares with us."""
    text = f"{base64_of({'alg': 'HS256'})}.{base64_of(claims)}"
    public = RSAKey.import_key(key).as_pem(private=False)
    return f"{text}.{base64_of(hmac.digest(public, text.encode(), 'sha256'))}"


def base64_of(part: dict[str, Any] | bytes) -> str:
    return urlsafe_b64encode(part if isinstance(part, bytes) else orjson.dumps(part)).decode().rstrip("=")


def signed_by_another(claims: dict[str, Any], key: dict[str, Any]) -> str:
    return signed(claims, RSAKey.generate_key(private=True).as_dict(private=True))


LIES: dict[str, tuple[dict[str, Any], Any]] = {
    "the truth": ({}, signed),
    "another nonce": ({"nonce": "of another sign-in"}, signed),
    "no nonce": ({"nonce": None}, signed),
    "for another": ({"aud": "another-client"}, signed),
    "for another, though we asked": ({"aud": "another-client", "azp": CLIENT_ID}, signed),
    "for another as well, who asked": (
        {"aud": ["another-client", CLIENT_ID], "azp": "another-client"},
        signed,
    ),
    "by another issuer": ({"iss": "https://issuer.example"}, signed),
    "of nobody": ({"sub": None}, signed),
    "of an empty name": ({"sub": ""}, signed),
    "for ever": ({"exp": None}, signed),
    "not yet": ({"nbf": 2**33}, signed),
    "with another access token": ({"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}, signed),
    "signed by another": ({}, signed_by_another),
    "not signed": ({}, unsigned),
    "signed by what is public": ({}, signed_by_what_is_public),
    "no token": ({}, lambda claims, key: "no.to.ken"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_token_is_believed_when_all_of_it_is_for_this_sign_in(
    house: Network, issuer: str, provider: Any, monkeypatch: pytest.MonkeyPatch, lie: str
) -> None:
    code = provider._app.OpenIDCode
    honest = code.encode_id_token
    said, write = LIES[lie]

    def lying(self: Any, token: Any, request: Any) -> str:
        body = honest(self, token, request).split(".")[1]
        claims = orjson.loads(urlsafe_b64decode(body + "=" * (-len(body) % 4))) | said
        told: str = write(
            {k: v for k, v in claims.items() if v is not None}, self.get_jwt_config(None)["key"]
        )
        return told

    monkeypatch.setattr(code, "encode_id_token", lying)
    vouch(issuer, "kari", email=EMAIL, email_verified=True)
    client = house.nobody()
    answer = signing_in(client, "kari")
    if lie == "the truth":
        assert answer.status_code == 302
    else:
        assert refused(answer, client)


@pytest.mark.parametrize(("said", "status"), [({}, 302), ({"sub": "ola"}, 401)])
def test_an_address_that_is_not_in_the_token_is_asked_for_and_must_be_the_same_persons(
    house: Network, issuer: str, provider: Any, monkeypatch: pytest.MonkeyPatch, said: Any, status: int
) -> None:
    told = provider._app._user_claims_for_scope
    monkeypatch.setattr(
        provider._app.OpenIDCode, "generate_user_info", lambda self, user, scope: {"sub": user.sub}
    )
    monkeypatch.setattr(provider._app, "_user_claims_for_scope", lambda user, scope: told(user, scope) | said)
    vouch(issuer, "kari", email=EMAIL, email_verified=True)
    assert signing_in(house.nobody(), "kari").status_code == status


def test_a_token_that_has_expired_is_refused(
    network: Network, provider: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    network.account("sender", Role.COUNSELLOR)
    for seconds, status in ((3600, 302), (-oidc.LEEWAY_S - 5, 401)):
        with running(provider, access_token_max_age=timedelta(seconds=seconds)) as issuer:
            trusting(network, monkeypatch, issuer)
            vouch(issuer, f"kari{seconds}", email=EMAIL, email_verified=True)
            assert signing_in(network.nobody(), f"kari{seconds}").status_code == status


def test_an_issuer_that_says_it_is_another_is_not_asked(
    network: Network, issuer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusting(network, monkeypatch, issuer.replace("localhost", "127.0.0.1") + "/")
    monkeypatch.setitem(
        network.app.extensions,
        KEY,
        replace(
            network.house,
            settings=network.house.settings.model_copy(update={"oidc_issuer": "https://x.example"}),
        ),
    )
    answer: Any = network.nobody().get(URL)
    assert (answer.status_code, answer.json["type"]) == (503, "/problems/issuer-unavailable")
    assert int(answer.headers["Retry-After"]) > 0


def test_an_issuer_that_does_not_answer_is_told_and_asked_again_later(
    network: Network, provider: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    network.account("sender", Role.COUNSELLOR)
    with running(provider) as issuer:
        port = urlsplit(issuer).port
    trusting(network, monkeypatch, issuer)
    answer: Any = network.nobody().get(URL)
    assert (answer.status_code, answer.json["type"]) == (503, "/problems/issuer-unavailable")
    with running(provider, port=port) as issuer:
        vouch(issuer, "kari", email=EMAIL, email_verified=True)
        client = network.nobody()
        back = led_back(client, "kari")
    assert client.get(back).status_code == 503, "gone again when it is asked for the token"


def test_there_is_no_such_door_where_there_is_no_issuer(network: Network) -> None:
    for path in (URL, f"{URL}/callback?code=a&state=b"):
        assert network.nobody().get(path).status_code == 404
