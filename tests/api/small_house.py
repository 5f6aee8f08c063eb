"""A house with no rooms: problems, security and observability around a few doors made for the tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import pytest
from flask.testing import FlaskClient

from directory import observability, problems, security
from directory.config import Settings
from directory.observability import Check, Watch
from directory.partners.access import Identity
from directory.permissions import Entry, Who


@contextmanager
def small_house(
    settings: Settings,
    doors: Mapping[str, Callable[..., object]] | None = None,
    *,
    checks: tuple[Check, ...] = (),
    unlisted: frozenset[str] = frozenset(),
    entry: Entry = Who.PUBLIC,
    who_asks: Callable[[], Identity | None] = lambda: None,
) -> Iterator[FlaskClient]:
    """``doors``: "METHOD /rule" -> view, each with ``entry`` in the permissions but those that are ``unlisted``."""
    app = problems.Application("small_house", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = 1000
    problems.register(app)
    security.register(app, settings, who_asks)
    observability.register(app, Watch(checks, lambda: 7))
    for door, view in (doors or {}).items():
        method, _, rule = door.partition(" ")
        app.add_url_rule(rule, endpoint=door.replace(".", "_"), view_func=view, methods=[method])
    listed = {door: entry for door in (doors or {}) if door not in unlisted}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(security, "PERMISSIONS", {**security.PERMISSIONS, **listed})
        yield app.test_client()
