"""Referrals asked for over HTTP, by people who are signed in and by systems with a key, of ``partner_network``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from directory.partners.access import Role, Scope
from directory.referrals import audit
from tests.partner_network import PASSWORD, Network
from tests.referral_house import CLINIC, CONSENT

REFERRALS = "/api/v1/referrals"
BOTH = (Scope.REFERRALS_READ, Scope.REFERRALS_WRITE)

ALL = {"given_on": "2026-11-20", "method": "written", "covers": ["receiver", "content", "contact"]}
WHOLE: dict[str, Any] = {
    "service_id": CLINIC,
    "needs": ["hiv-testing"],
    "client_ref": "K7-Qm2x",
    "urgency": "soon",
    "context": "after-assault",
    "languages": ["ru"],
    "contact_preference": "direct",
    "contact": {"phone": "+47 22 00 00 00"},
    "message": "Trenger noen som snakker russisk.",
    "consent": ALL,
    "appointment_at": "2026-11-25T12:00:00+01:00",
    "follow_up_on": "2026-12-01",
}


@dataclass
class Caller:
    """A browser that is signed in, or a program with a key."""

    client: FlaskClient
    id: UUID  # of the account or the key
    headers: dict[str, str] = field(default_factory=dict)

    def ask(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> TestResponse:
        """``path``: what follows that of referrals."""
        return self.client.open(
            REFERRALS + path,
            method=method,
            data=None if body is None else orjson.dumps(body),
            content_type=None if body is None else "application/json",
            headers=self.headers | dict(headers or {}),
        )

    def create(self, key: str | None = None, **said: Any) -> TestResponse:
        """``key``: the Idempotency-Key; a new one by itself."""
        return self.ask("POST", "", said, {"Idempotency-Key": key or str(uuid4())})

    def step(self, referral: Mapping[str, Any], to: str, **said: Any) -> TestResponse:
        """Of the version that ``referral`` (as it was answered) has."""
        path = f"/{referral['id']}/transitions"
        return self.ask("POST", path, {"to": to} | said, {"If-Match": f'"{referral["version"]}"'})


@dataclass
class Doors:
    """``name``, wherever it stands: sender, receiver or third."""

    network: Network
    _numbers: count[int] = field(default_factory=count)

    @property
    def app(self) -> Flask:
        return self.network.app

    def partner(self, name: str) -> str:
        """Its id, as answers have it."""
        return str(self.network.partners[name].id)

    def nobody(self) -> Caller:
        return Caller(self.network.nobody(), uuid4())

    def by_key(self, name: str, *scopes: Scope) -> Caller:
        """A system of the partner's; with both scopes for referrals unless others are named."""
        id, text = self.network.key(name, *(scopes or BOTH))
        return Caller(self.network.nobody(), id, {"Authorization": f"Bearer {text}"})

    def by_session(self, name: str, *roles: Role) -> Caller:
        """A new person of the partner's, who signs in; a counsellor unless other roles are named."""
        email = f"{name}-{next(self._numbers)}@example.org"
        account = self.network.with_password(name, *(roles or (Role.COUNSELLOR,)), email=email)
        client, ours = self.network.nobody(), {"Sec-Fetch-Site": "same-origin"}
        signed_in = client.post("/api/v1/session", json={"email": email, "password": PASSWORD}, headers=ours)
        assert signed_in.status_code == 200, signed_in.text
        return Caller(client, account.id, ours)

    def caller(self, name: str, way: str) -> Caller:
        """``way``: key or session."""
        return self.by_key(name) if way == "key" else self.by_session(name)

    def events(self) -> int:
        """How many there are, all of them in a chain that holds."""
        with self.network.database.reading() as session:
            return audit.verify(session)


@pytest.fixture
def doors(network: Network) -> Doors:
    return Doors(network)


def body_of(response: TestResponse, status: int = 200) -> dict[str, Any]:
    """The JSON of an answer that must have this status."""
    assert response.status_code == status, response.text
    found = response.json
    assert isinstance(found, dict)
    return found


def a_sent_one(caller: Caller, **said: Any) -> dict[str, Any]:
    """A referral to the clinic, requested."""
    whole = {"service_id": CLINIC, "status": "requested", "consent": CONSENT} | said
    return body_of(caller.create(**whole), 201)


def problem(response: Any, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.content_type == "application/problem+json"
    assert response.json["type"] == f"/problems/{code}"
    found: dict[str, Any] = response.json
    return found
