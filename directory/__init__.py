"""Veiviser: a directory of help services. ``create_app`` is the only place where the rooms are put together.

Flask and the rooms are imported within it, so that importing one pure room does not bring in the whole house.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from flask import Flask

    from directory.api.rooms import Rooms
    from directory.config import Settings
    from directory.database import Database
    from directory.observability import Watch
    from directory.search.finding import Finder
    from directory.search.upkeep import Upkeep

LARGEST_BODY = 256 * 1024  # bytes


def create_app(settings: Settings | None = None) -> Flask:
    """The application, as ``settings`` (or the environment) says. Raises UnsafeSettings."""
    from werkzeug.middleware.proxy_fix import ProxyFix

    from directory import api, observability, problems, security, web
    from directory.config import read_settings, refuse_unsafe
    from directory.search.warming import warm

    settings = refuse_unsafe(settings or read_settings())
    rooms = open_rooms(settings)
    warm()
    app = problems.Application(__name__, static_folder=None, template_folder=None)
    app.config.update(SECRET_KEY=settings.signing_key, MAX_CONTENT_LENGTH=LARGEST_BODY)
    app.url_map.strict_slashes = False  # a redirect would repeat the query string
    app.url_map.merge_slashes = False
    # From the inside out: each stands before those already there, and the outermost times all of it.
    problems.register(app)
    api.register(app, rooms)
    web.register(app)
    security.register(app, settings, api.rooms.who_asks)
    observability.register(app, _watched(rooms))
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]
    return app


def open_rooms(settings: Settings) -> Rooms:
    """The rooms, for the application. Nothing is read from the database or the index yet."""
    from datetime import UTC, datetime

    from directory.api.rooms import Rooms
    from directory.encryption import Vault

    search = open_search(settings)
    return Rooms(
        settings=settings,
        database=search.database,
        vault=Vault(settings.all_encryption_keys, settings.signing_key),
        needs=search.searcher.needs,
        places=search.searcher.places,
        searcher=search.searcher,
        upkeep=search.upkeep,
        clock=lambda: datetime.now(UTC),
    )


class Search(NamedTuple):
    """What the command line needs of the rooms: to import the doors takes longer than most of its work."""

    database: Database
    searcher: Finder
    upkeep: Upkeep


def open_search(settings: Settings) -> Search:
    """Nothing is read from the database or the index yet."""
    from directory.database import Database
    from directory.search.crew import hands
    from directory.search.engine import Engine
    from directory.search.finding import Finder
    from directory.search.listing import Lister
    from directory.search.upkeep import Upkeep
    from directory.search.wordbook import wordbook
    from directory.standing import listing_fingerprint

    settings.ensure_data_dir()
    words = wordbook()
    database, engine = Database(settings.database), Engine(settings.index_dir)
    address = f"{settings.base_url}/api/v1/services/"
    finder = Finder(words.needs, words.places, engine, address=address, lexicon=words.lexicon)
    lister = Lister(words.needs, words.places, words.lexicon.compounds)
    upkeep = Upkeep(database, settings.index_dir, lister, listing_fingerprint(), engine.seals, hands=hands())
    return Search(database, finder, upkeep)


def _watched(rooms: Rooms) -> Watch:
    """What /ready and /metrics ask: the database at this version, and an index that a search finds something in."""
    from directory.errors import IndexUnavailable
    from directory.observability import Check, Watch
    from directory.standing import is_migrated, want_of_disk

    def database() -> str | None:
        return None if is_migrated(rooms.database) else "is not migrated to this version"

    def search() -> str | None:
        from directory.search.criteria import Criteria

        with rooms.searcher.engine.snapshot() as snapshot:
            found = rooms.searcher.find(
                snapshot, Criteria(q="helsehjelp", lang=rooms.settings.default_language)
            )
        return None if found.hits.total else "finds nothing"

    def index() -> str | None:
        """Whether what is searched is the newest there is, and follows the directory."""
        if rooms.upkeep.trouble is None and rooms.searcher.engine.problem is not None:
            return "is missing or damaged, and will be made anew"
        return rooms.upkeep.trouble

    def disk() -> str | None:
        return want_of_disk(rooms.settings)

    def generation() -> int:
        """0 where there is no index, which must not keep the other numbers from being read."""
        try:
            return newest()
        except IndexUnavailable:
            return 0

    def newest() -> int:
        with rooms.searcher.engine.snapshot() as snapshot:
            return snapshot.generation

    def worker() -> str | None:
        from directory.working import silence

        with rooms.database.reading() as session:
            return silence(session, rooms.clock())

    checks = (
        Check("database", database),
        Check("search", search),
        Check("index", index, needed=False),
        Check("disk", disk, needed=False),
        Check("worker", worker, needed=False),
    )
    return Watch(checks, generation)
