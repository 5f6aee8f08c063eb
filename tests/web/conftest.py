"""A browser for all tests of pages, and a desk for each file of them: the application behind a socket, over a small
network of partners of its own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

from directory.api.rooms import KEY, Rooms
from directory.database import Database, upgrade
from directory.identity import SESSION
from directory.partners.access import Role
from directory.partners.partnering import add_partner
from tests.factories import NOW, saved, service_draft
from tests.partner_network import SERVICES, Network

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Noted before any script of the page runs.
VIOLATIONS = (
    "window.violations = [];"
    "addEventListener('securitypolicyviolation', e => violations.push(e.violatedDirective + ' ' + e.blockedURI));"
)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    program = shutil.which("chromium")
    assert program, "Chromium is missing: make test installs it, or names the package"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=ARGUMENTS, ignore_default_args=["--disable-back-forward-cache"]
        )
        yield browser
        browser.close()


class Silent(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        """Says nothing: what is wrong the test sees in the page."""


@dataclass
class Desk:
    """``network``: whose clock stands still until a test moves it."""

    network: Network
    address: str
    browser: Browser
    complaints: list[str] = field(default_factory=list)

    @contextmanager
    def page(self, partner: str | None = None, *roles: Role, **context: Any) -> Iterator[Page]:
        """A page in a browser of its own, where this person is signed in; without roles, nobody. Whatever the browser
        complains of is in ``complaints``, and fails the test at the end."""
        opened = self.browser.new_context(base_url=self.address, **{"locale": "nb-NO"} | context)
        opened.set_default_timeout(10_000)
        if roles:
            token = self.network.token(self.network.account(partner, *roles))
            opened.add_cookies([{"name": SESSION, "value": token, "url": self.address}])
        page = opened.new_page()
        page.add_init_script(VIOLATIONS)
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self._asked(request.url))
        try:
            yield page
            if context.get("java_script_enabled", True):
                assert page.evaluate("violations") == []
            assert self.complaints == []
        finally:
            self.complaints.clear()
            opened.close()

    def _heard(self, message: Any) -> None:
        # That a page answers 401 or 422 is no fault of it.
        if message.type == "error" and "the server responded with a status of 4" not in message.text:
            self.complaints.append(message.text)

    def _asked(self, url: str) -> None:
        if not url.startswith((self.address, "data:", "blob:")):
            self.complaints.append(f"asks elsewhere: {url}")


@pytest.fixture(scope="module")
def desk(directory_app: Flask, tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Desk]:
    """For the tests of one file, which share what is saved there."""
    path: Path = tmp_path_factory.mktemp("desk") / "directory.db"
    upgrade(f"sqlite:///{path}")
    database = Database(f"sqlite:///{path}")
    with database.unit_of_work() as session:
        saved(session, *(service_draft(slug, organization=f"{slug}-house") for slug in SERVICES.values()))
        partners = {
            name: add_partner(session, slug=name, name=name.title(), organizations=[f"{slug}-house"], now=NOW)
            for name, slug in SERVICES.items()
            if name != "nobody"
        }
        session.commit()
    house: Rooms = replace(directory_app.extensions[KEY], database=database, clock=lambda: network.now)
    network = Network(directory_app, house, partners)
    server = make_server("127.0.0.1", 0, directory_app, threaded=True, request_handler=Silent)
    answering = Thread(target=server.serve_forever, daemon=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(directory_app.extensions, KEY, house)
        answering.start()
        yield Desk(network, f"http://127.0.0.1:{server.port}", browser)
        server.shutdown()
        answering.join()
        server.server_close()
    database.engine.dispose()


def axe_finds(page: Page) -> list[str]:
    """What axe finds wrong with a page, by WCAG 2.2 AA and by good practice."""
    options = {"runOnly": {"type": "tag", "values": AA}, "resultTypes": ["violations"]}
    found = Axe().run(page, options=options).response["violations"]
    return [
        f"{one['id']}: {node['html']}: {node['failureSummary']}" for one in found for node in one["nodes"]
    ]


def sideways(page: Page) -> int:
    """By how many pixels the page is wider than what shows it."""
    wide: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return wide


# Nothing may be kept on the phone of a client, and nothing asked of anybody else.
KEPT = """async () => [
  document.cookie,
  ...Object.keys(localStorage),
  ...Object.keys(sessionStorage),
  ...(await indexedDB.databases()).map((one) => one.name),
  ...(window.caches ? await caches.keys() : []),
  ...(navigator.serviceWorker ? (await navigator.serviceWorker.getRegistrations()).map((one) => one.scope) : []),
].filter(Boolean)"""


@dataclass
class Site:
    """The pages of clients, over the directory that ships."""

    app: Flask
    address: str
    browser: Browser
    complaints: list[str] = field(default_factory=list)

    @contextmanager
    def page(self, kept: bool = False, elsewhere: tuple[str, ...] = (), **context: Any) -> Iterator[Page]:
        """A page in a browser of its own. Fails at the end for any complaint of the browser (an error on the console,
        a violation of the policy), for any request but to us or to an address in ``elsewhere``, which is answered with
        an empty page, and, unless ``kept``, for anything that is left on the device."""
        opened = self.browser.new_context(base_url=self.address, **{"locale": "nb-NO"} | context)
        opened.set_default_timeout(10_000)
        for address in elsewhere:
            opened.route(f"{address}**", lambda route: route.fulfill(body="<title>elsewhere</title>"))
        opened.add_init_script(VIOLATIONS)
        opened.on("console", self._heard)
        opened.on("weberror", lambda error: self.complaints.append(str(error.error)))
        opened.on("request", lambda request: self._asked(request.url, elsewhere))
        page = opened.new_page()
        try:
            yield page
            if context.get("java_script_enabled", True):
                assert page.evaluate("violations") == []
                if not kept and page.url.startswith(self.address):
                    assert page.evaluate(KEPT) == []
            assert opened.cookies() == []
            assert self.complaints == []
        finally:
            self.complaints.clear()
            opened.close()

    def _heard(self, message: Any) -> None:
        # That a page answers 404 or 422 is no fault of it.
        if message.type == "error" and "the server responded with a status of 4" not in message.text:
            self.complaints.append(message.text)

    def _asked(self, url: str, elsewhere: tuple[str, ...]) -> None:
        if not url.startswith((self.address, "data:", "blob:", *elsewhere)):
            self.complaints.append(f"asks elsewhere: {url}")


@pytest.fixture(scope="session")
def site(directory_app: Flask, browser: Browser) -> Iterator[Site]:
    """The application behind a socket, once for all tests of clients' pages: none of them changes anything that another
    sees."""
    server = make_server("127.0.0.1", 0, directory_app, threaded=True, request_handler=Silent)
    answering = Thread(target=server.serve_forever, daemon=True)
    answering.start()
    yield Site(directory_app, f"http://127.0.0.1:{server.port}", browser)
    server.shutdown()
    answering.join()
    server.server_close()
