"""Veiviser: a directory of help services. ``create_app`` is the only place where the rooms are put together.

Flask and the rooms are imported within it, so that importing one pure room does not bring in the whole house.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from directory.api.rooms import Rooms
    from directory.config import Settings
    from directory.observability import Check

LARGEST_BODY = 256 * 1024  # bytes


def create_app(settings: Settings | None = None) -> Flask:
    """The application, as ``settings`` (or the environment) says. Raises UnsafeSettings."""
    from flask import Flask
    from werkzeug.middleware.proxy_fix import ProxyFix

    from directory import api, observability, problems, security
    from directory.config import read_settings, refuse_unsafe

    settings = refuse_unsafe(settings or read_settings())
    app = Flask(__name__, static_folder=None, template_folder=None)
    app.config.update(SECRET_KEY=settings.signing_key, MAX_CONTENT_LENGTH=LARGEST_BODY)
    app.url_map.strict_slashes = False  # a redirect would repeat the query string
    app.url_map.merge_slashes = False
    rooms = _furnish(settings)
    # First in, last out: a request is timed and told about after all the others have had their say.
    observability.register(app, observability.Watch(_checks(rooms), lambda: 0))
    problems.register(app)
    security.register(app, settings)
    api.register(app, rooms)
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]
    return app


def _furnish(settings: Settings) -> Rooms:
    from datetime import UTC, datetime

    from directory.api.rooms import Rooms
    from directory.database import Database

    settings.ensure_data_dir()
    return Rooms(settings, Database(settings.database), None, None, None, lambda: datetime.now(UTC))


def _checks(rooms: Rooms) -> tuple[Check, ...]:
    from directory.database import current, latest
    from directory.observability import Check

    def database() -> str | None:
        return None if current(rooms.settings.database) == latest() else "is not migrated to this version"

    return (Check("database", database),)
