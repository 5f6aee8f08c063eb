"""What a door finds in the house: made once by ``create_app``, the same for all requests of one process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from flask import Flask, current_app, request

from directory import identity
from directory.languages import negotiate, normalize

if TYPE_CHECKING:
    from directory.config import Settings
    from directory.database import Database
    from directory.encryption import Vault
    from directory.needs import Needs
    from directory.partners.access import Identity
    from directory.places import Places
    from directory.search.finding import Finder
    from directory.search.upkeep import Upkeep

KEY = "veiviser"


@dataclass(frozen=True, slots=True)
class Rooms:
    settings: Settings
    database: Database
    vault: Vault
    needs: Needs
    places: Places
    searcher: Finder
    upkeep: Upkeep
    clock: Callable[[], datetime]  # aware, UTC


def open_to(app: Flask, found: Rooms) -> None:
    app.extensions[KEY] = found


def rooms() -> Rooms:
    """The rooms of the application that is answering now."""
    found: Rooms = current_app.extensions[KEY]
    return found


def who_asks() -> Identity | None:
    """Who sends the request that is being answered, or None. Raises FromAnotherSite."""
    house = rooms()
    return identity.of_request(house.database, house.settings, house.clock())


def preferred_language(accept_language: str | None, house: Rooms) -> str:
    """The first language of Accept-Language that we have labels in, else the setting DEFAULT_LANGUAGE."""
    return _negotiated(accept_language, house.settings.default_language)


@lru_cache(maxsize=256)
def _negotiated(accept_language: str | None, default: str) -> str:
    return negotiate(accept_language, default)


def language_of_request() -> str:
    return preferred_language(request.headers.get("Accept-Language"), rooms())


def language_of(values: Mapping[str, Any]) -> str:
    """The language asked for by ``lang``, else by Accept-Language. Raises InvalidInput for what is no language."""
    return normalize(values["lang"]) if values.get("lang") else language_of_request()
