"""What a search asks for, resolved: every value checked against the directory, every mistake named with its field."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from directory import languages
from directory.catalogue.vocabulary import AUDIENCES, GENDERS
from directory.errors import InvalidInput
from directory.needs import Needs
from directory.places import Found, Place, Places
from directory.search.listing import ANY
from directory.search.query import Sort

_AS_GIVEN = ("free", "anonymous", "remote", "sort", "page", "per_page", "facets", "as_written")
HOME_ZONE = ZoneInfo("Europe/Oslo")  # an open_at without an offset is a wall time there


class Criteria(NamedTuple):
    """All given criteria must hold; values within one tuple are alternatives. Names are the contract's."""

    q: str = ""
    need: tuple[str, ...] = ()
    language: tuple[str, ...] = ()
    near: Place | None = None
    near_alternatives: tuple[Place, ...] = ()  # other places of the name given in ``near``
    near_misspelt: bool = False  # the name given in ``near`` was taken for the nearest one
    radius_km: float | None = None
    open_at: datetime | None = None
    free: bool = False
    anonymous: bool = False
    remote: bool = False
    age: int | None = None
    gender: str | None = None
    audience: str | None = None
    municipality: tuple[str, ...] = ()  # numbers
    organization: tuple[str, ...] = ()  # UUIDs or slugs
    sort: Sort = "best"
    lang: str = "nb"
    page: int = 1
    per_page: int = 20
    facets: bool = False
    as_written: bool = False  # no word of ``q`` is taken for another


def filters(criteria: Criteria) -> Iterator[frozenset[str]]:
    """Keys of the index, of which a service must have one of each set."""
    if criteria.need:
        yield frozenset(f"need:{slug}" for slug in criteria.need)
    if criteria.language:
        yield frozenset(
            {f"language:{code}" for code in criteria.language} | {"flag:interpreter", "flag:by-law"}
        )
    for name in ("free", "anonymous", "remote"):
        if getattr(criteria, name):
            yield frozenset({f"flag:{name}"})
    for name in ("gender", "audience"):
        if value := getattr(criteria, name):
            yield frozenset({f"{name}:{value}", f"{name}:{ANY}"})
    for name in ("municipality", "organization"):
        if values := getattr(criteria, name):
            yield frozenset(f"{name}:{value}" for value in values)


def resolve(
    values: Mapping[str, Any],
    *,
    needs: Needs,
    places: Places,
    is_organization: Callable[[str], bool],
    now: datetime,
    lang: str,
) -> Criteria:
    """Criteria from values of the right type under the contract's names. ``is_organization``: of a UUID or slug.

    Raises InvalidInput with every field that names something the directory doesn't know, and the nearest valid values.
    """
    errors: dict[str, list[str]] = {}

    def each(field: str, one: Callable[[str], Any]) -> tuple[Any, ...]:
        given = values.get(field)
        if not given:
            return ()
        found = []
        for value in given:
            try:
                found.append(one(value))
            except InvalidInput as error:
                errors.setdefault(field, []).extend(m for messages in error.errors.values() for m in messages)
        return tuple(dict.fromkeys(found))

    def need(value: str) -> str:
        if value not in needs:
            raise InvalidInput.of(
                "need", f"There is no such need. Nearest: {', '.join(needs.nearest(value))}."
            )
        return value

    def municipality(value: str) -> str:
        found = places.municipality(value)
        if found is None or found.municipality_no is None:
            near = ", ".join(places.nearest_names(value)) or "none"
            raise InvalidInput.of("municipality", f"Takes a municipality's number or name. Nearest: {near}.")
        return found.municipality_no

    def organization(value: str) -> str:
        name = value.strip().lower()
        if not is_organization(name):
            raise InvalidInput.of("organization", "There is no such organization. Takes its id or its slug.")
        return name

    def near(value: str) -> Found:
        found = places.find(value)
        if found is None:
            names = ", ".join(places.nearest_names(value)) or "none"
            raise InvalidInput.of(
                "near", f"Takes 'lat,lon' in degrees, a postcode or a place name. Nearest names: {names}."
            )
        return found

    def one(field: str, parse: Callable[[str], Any]) -> Any:
        value = values.get(field)
        if value is None or value == "":
            return None
        try:
            return parse(value)
        except InvalidInput as error:
            errors.setdefault(field, []).extend(m for messages in error.errors.values() for m in messages)
            return None

    def among(field: str, known: Collection[str]) -> Callable[[str], str]:
        def check(value: str) -> str:
            if value not in known:
                raise InvalidInput.of(field, f"Takes one of: {', '.join(sorted(known))}.")
            return value

        return check

    def time(value: str) -> datetime:
        return now if value == "now" else _time(value)

    def interface_language(value: str) -> str:
        return languages.normalize(value)

    found_near: Found | None = one("near", near)
    plain = {name: value for name in _AS_GIVEN if (value := values.get(name)) is not None}
    criteria = Criteria(
        q=(values.get("q") or "").strip(),
        need=each("need", need),
        language=each("language", languages.normalize),
        near=found_near.place if found_near else None,
        near_alternatives=found_near.alternatives if found_near else (),
        near_misspelt=bool(found_near and found_near.matched == "typo"),
        radius_km=values.get("radius_km"),
        open_at=one("open_at", time),
        age=values.get("age"),
        gender=one("gender", among("gender", GENDERS)),
        audience=one("audience", among("audience", AUDIENCES)),
        municipality=each("municipality", municipality),
        organization=each("organization", organization),
        lang=one("lang", interface_language) or lang,
        **plain,
    )
    if errors:
        raise InvalidInput(errors)
    return criteria


def _time(value: str) -> datetime:
    # a "+" that came unescaped in a URL arrives as a space
    text = value.strip().replace(" ", "+") if "T" in value and value.count(" ") == 1 else value.strip()
    try:
        found = datetime.fromisoformat(text)
        found = found if found.tzinfo else found.replace(tzinfo=HOME_ZONE)
        found.astimezone(HOME_ZONE)  # refuses what no calendar holds
    except (ValueError, OverflowError):
        raise InvalidInput.of(
            "open_at", "Takes 'now' or an ISO 8601 time, such as 2026-11-22T18:30:00+01:00."
        ) from None
    if not 2000 <= found.year <= 2100:
        raise InvalidInput.of("open_at", "Takes a time between the years 2000 and 2100.")
    return found
