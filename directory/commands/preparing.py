"""What must stand before anything is served: the database at this version, the directory filled, the index made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from directory.terminal import database_of, now, told

if TYPE_CHECKING:
    from directory.catalogue.geocoding import Geocoder
    from directory.catalogue.seeding import SeedReport
    from directory.config import Settings
    from directory.database import Database


def prepare(settings: Settings) -> None:
    """Bring database, directory and index up to date, each only where it is not."""
    from directory import standing

    with database_of(settings) as database:
        if not standing.is_migrated(database):
            upgrade(settings)
        _ready()
        fill(settings, database)
        if not standing.is_index_current(settings, database):
            rebuild(settings, anew=False)


def _ready() -> None:
    from directory.search.warming import warm

    with told("Making the search ready"):
        warm()


def upgrade(settings: Settings) -> None:
    """The database at this version: all of it, or nothing."""
    from directory import database

    with told("Preparing the database"):
        database.upgrade(settings.database)


def fill(settings: Settings, database: Database) -> SeedReport:
    """The directory as its seed has it: all of it, or nothing."""
    from directory.catalogue import seeding
    from directory.config import SEED_DIR

    with told("Comparing the directory with its seed") as progress:
        return seeding.seed(
            database, SEED_DIR, now=now(), progress=progress, geocoder=_geocoder(settings, database)
        )


def _geocoder(settings: Settings, database: Database) -> Geocoder | None:
    if settings.geocoder == "off":
        return None
    from directory.catalogue.geocoding import nominatim

    return nominatim(database, user_agent=f"Veiviser ({settings.geocoder_contact})")


def rebuild(settings: Settings, *, anew: bool = True) -> int:
    """Returns how many services were put into the index; unless ``anew``, only those that it lacks, if that will do."""
    from directory import open_search
    from directory.standing import number_of_services

    with told("Building the search index") as progress:
        search = open_search(settings)
        total, done = number_of_services(search.database), 0

        def more(count: int) -> None:
            nonlocal done
            done += count
            progress(done, total)

        keep = search.upkeep.rebuild if anew else search.upkeep.catch_up
        return keep(now().date(), more).saved
