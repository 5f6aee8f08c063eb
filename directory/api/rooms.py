"""What a door finds in the house: made once by ``create_app``, the same for all requests of one process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from flask import Flask, current_app

if TYPE_CHECKING:
    from directory.config import Settings
    from directory.database import Database
    from directory.needs import Needs
    from directory.places import Places
    from directory.search.finding import Finder

_KEY = "veiviser"


@dataclass(frozen=True, slots=True)
class Rooms:
    settings: Settings
    database: Database
    needs: Needs
    places: Places
    finder: Finder
    clock: Callable[[], datetime]  # aware, UTC


def open_to(app: Flask, rooms: Rooms) -> None:
    app.extensions[_KEY] = rooms


def the_rooms() -> Rooms:
    """The rooms of the application that is answering now."""
    found: Rooms = current_app.extensions[_KEY]
    return found
