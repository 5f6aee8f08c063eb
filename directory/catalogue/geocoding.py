"""Points for the public street addresses of entries that someone edits. Never for what a client types.

Only a full public address with a street is asked for: a withheld one must not leave the house. Answers are
cached in the database, "not known" too; a geocoder that fails, or answers with less than a house, leaves the
entry as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session

from directory.catalogue.drafts import LocationDraft, ServiceDraft
from directory.catalogue.models import GeocodeCache
from directory.database import Database

BY_GEOCODER = "geocoder (OpenStreetMap)"


class Geocoder:
    """A geopy geocoder behind a cache and a rate limit. ``minimum_delay``: seconds between two questions."""

    def __init__(
        self,
        database: Database,
        geolocator: Any,
        *,
        minimum_delay: float = 1.0,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        from geopy.extra.rate_limiter import RateLimiter  # geopy is for those who have a geocoder

        self._database = database
        self._clock = clock
        self._ask = RateLimiter(
            geolocator.geocode, min_delay_seconds=minimum_delay, max_retries=0, swallow_exceptions=False
        )

    def point(self, place: LocationDraft) -> tuple[float, float] | None:
        """WGS 84 degrees of the house, or None: not known, not to be asked, or nobody answers."""
        from geopy.exc import GeopyError

        if not _may_be_asked(place):
            return None
        query = _query(place)
        name = "|".join(query.values()).casefold()
        with self._database.reading() as session:
            cached = session.execute(select(GeocodeCache).filter_by(query=name)).scalar_one_or_none()
        if cached is not None:
            return _pair(cached.latitude, cached.longitude)
        try:
            answer = self._ask(query, addressdetails=True, country_codes=place.country.lower())
        except GeopyError:
            return None
        house = answer is not None and "house_number" in answer.raw.get("address", {})
        point = (answer.latitude, answer.longitude) if house else None
        with self._database.unit_of_work() as session:
            self._remember(session, name, point)
            session.commit()
        return point

    def _remember(self, session: Session, name: str, point: tuple[float, float] | None) -> None:
        latitude, longitude = point or (None, None)
        session.merge(
            GeocodeCache(query=name, latitude=latitude, longitude=longitude, asked_at=self._clock())
        )


def nominatim(
    database: Database,
    *,
    user_agent: str,
    domain: str = "nominatim.openstreetmap.org",
    scheme: str = "https",
    timeout: float = 5.0,
    minimum_delay: float = 1.0,
) -> Geocoder:
    """Nominatim, as its usage policy asks: one question a second, and a user agent that says who we are.

    Source: operations.osmfoundation.org/policies/nominatim
    """
    from geopy.geocoders import Nominatim

    geolocator = Nominatim(user_agent=user_agent, domain=domain, scheme=scheme, timeout=timeout)
    return Geocoder(database, geolocator, minimum_delay=minimum_delay)


def located(draft: ServiceDraft, geocoder: Geocoder) -> ServiceDraft:
    """The draft with exact points where ``geocoder`` knows them."""
    places = []
    for place in draft.locations:
        point = geocoder.point(place)
        if point is not None:
            said = {
                "latitude": point[0],
                "longitude": point[1],
                "precision": "address",
                "coordinate_source": BY_GEOCODER,
            }
            place = place.model_copy(update=said)
        places.append(place)
    return draft.model_copy(update={"locations": tuple(places)})


def _may_be_asked(place: LocationDraft) -> bool:
    whole = place.address_1 is not None and (place.postal_code is not None or place.city is not None)
    return place.address_visibility == "full" and whole and place.precision != "address"


def _query(place: LocationDraft) -> dict[str, str]:
    street = (place.address_1 or "").split("(")[0].strip()  # "Storgata 1 (2. etasje)": the rest is for people
    said = {"street": street, "postalcode": place.postal_code, "city": place.city, "country": place.country}
    return {name: value for name, value in said.items() if value}


def _pair(latitude: float | None, longitude: float | None) -> tuple[float, float] | None:
    return None if latitude is None or longitude is None else (latitude, longitude)
