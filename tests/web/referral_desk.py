"""A small house of its own for the tests of referrals at the desk: three partners whose services are in its index, so
that a search finds them and says who takes referrals. Tests share it, and make referrals of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser
from werkzeug.serving import make_server

from directory import create_app
from directory.api.rooms import KEY, Rooms
from directory.config import Settings
from directory.database import upgrade
from directory.partners.access import Role
from directory.partners.partnering import add_partner
from tests.factories import NOW, saved, service_draft
from tests.partner_network import SERVICES, Network
from tests.web.conftest import Desk, Silent

CONSENT = {
    "consent.covers": ["receiver", "content"],
    "consent.given_on": "2026-11-20",
    "consent.method": "oral",
}


@pytest.fixture(scope="session")
def referring_network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    data: Path = tmp_path_factory.mktemp("referral-desk")
    settings = Settings(_env_file=None, data_dir=data, rate_limits="off")
    upgrade(settings.database)
    app = create_app(settings)
    house: Rooms = app.extensions[KEY]
    with house.database.unit_of_work() as session:
        saved(session, *(service_draft(slug, organization=f"{slug}-house") for slug in SERVICES.values()))
        partners = {
            name: add_partner(session, slug=name, name=name.title(), organizations=[f"{slug}-house"], now=NOW)
            for name, slug in SERVICES.items()
            if name != "nobody"
        }
        session.commit()
    house.upkeep.rebuild(NOW.date())
    made = Network(app, house, partners)
    app.extensions[KEY] = replace(house, clock=lambda: made.now)
    yield made
    house.database.engine.dispose()


@pytest.fixture(scope="session")
def referring_desk(referring_network: Network, browser: Browser) -> Iterator[Desk]:
    server = make_server("127.0.0.1", 0, referring_network.app, threaded=True, request_handler=Silent)
    answering = Thread(target=server.serve_forever, daemon=True)
    answering.start()
    yield Desk(referring_network, f"http://127.0.0.1:{server.port}", browser)
    server.shutdown()
    answering.join()
    server.server_close()


def counsellor(network: Network, partner: str) -> FlaskClient:
    return network.person(partner, Role.COUNSELLOR)


def hidden(page: str, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return found[1]


def referred(network: Network, **said: Any) -> str:
    """The address of a new referral from sender to receiver, as its form leads there."""
    client = counsellor(network, "sender")
    once = hidden(client.get("/desk/refer/clinic").text, "once")
    form = (
        {"once": once, "do": "send", "needs": "hiv-testing", "message": "Snakker russisk."} | CONSENT | said
    )
    answer = client.post("/desk/refer/clinic", data=form)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"].partition("?")[0]


def take(client: FlaskClient, path: str, to: str, **said: str) -> Any:
    """A step, by its form on the page as it now is."""
    page = client.get(path).text
    fields = {f"{to}.{field}": value for field, value in said.items()}
    guard = {"once": hidden(page, "once"), "version": hidden(page, "version"), "to": to}
    return client.post(f"{path}/step", data=guard | fields)
