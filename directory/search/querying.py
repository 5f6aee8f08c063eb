"""What the engine is asked, from criteria and from what was understood of a line: weights and factors, no words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import orjson

from directory.needs import Needs
from directory.places import Place, Places, geodesic_km
from directory.places.sounding import is_foreign
from directory.search.criteria import Criteria, filters
from directory.search.listing import sounds_of
from directory.search.query import EngineQuery, Hits, Snapshot, Term, Weights
from directory.search.understand import Understood

SAME_PLACE_KM = 50.0  # a position this near the place named in the text says more exactly where it is
# Share of the words' information that makes a candidate by text.
ENOUGH_TEXT, ENOUGH_TEXT_BESIDE_NEEDS = 0.34, 0.75
WORTH_NAMING = 0.08  # a need wanted less than this is no reason to name a service
RELATED = 0.65  # what a related need is worth beside the one that was told
FACETS = ("need:", "language:", "municipality:")
SPOKEN, INTERPRETER, BY_LAW = 1.35, 1.2, 1.1  # factors of services that help in the language asked for
ASKER_LANGUAGE = 1.3
# Where this is among the needs of an emergency, its contacts are the first results, wherever one is.
BODY_IN_DANGER = "overdose-acute"
FIRST_OF_ALL = 6.0
BESIDE_THE_NEED = 0.5  # other emergency contacts come with the services that are for the need
# A word that no text has, and how few names may sound like it where a need is told, and where nothing is.
SOUNDS, RARE_SOUND, FAMILY = 0.6, 4, 25
NAMED, RARE_NAME = 0.6, 3  # a word that stands in the names of so few services names one of them
BESIDE_A_NAME = 0.4  # what a need counts beside a name, that no rule but only lines like this one told
# Where a line is nothing but a name or a number, those who are there for the same come after the one it names.
LIKE_THE_NAMED = (0.35, 0.15)
# What a national service counts beside a local one: as much more as its need is met from afar; and what one of the
# region counts beside a national one.
NATIONAL_HERE, NATIONAL_AFAR, REGIONAL = 0.57, 0.35, 1.2
ALL_AGES, YOUNG_PEOPLE = (
    1.15,
    "children-youth",
)  # who takes all ages, where nothing says that somebody young asks
HOME = "NO"
COUNTRIES = {"da": "DK", "sv": "SE"}  # the country whose services people who write so most likely mean
ABROAD = 0.45
CATCHMENT = 1.04  # a local service that is known to be the one for the municipality
# Shown when nothing at all was understood: where anybody can begin.
FIRST_DOORS = {"need:emergency-group": 0.6, "need:crisis-line": 0.6, "need:find-a-service": 0.5}


class Querying:
    """``weights``: those of the score where no place and no need says otherwise. Holds nothing of a search."""

    def __init__(self, needs: Needs, places: Places, weights: Weights) -> None:
        self._needs, self._places, self._weights = needs, places, weights
        # need -> keys of services that answer it, and how far those for a related one do
        self._answering = {
            need.slug: (
                (f"need:{need.slug}", None),
                *((f"need:{s}", share) for s, share in need.related.items()),
            )
            for need in needs
        }

    def __call__(self, snapshot: Snapshot, criteria: Criteria, understood: Understood) -> EngineQuery:
        place = self.place(criteria, understood)
        terms = tuple(t for t in understood.terms if _stands_anywhere(snapshot, t))
        names = _names(snapshot, understood)
        told = dict.fromkeys(criteria.need, 1.0) | {
            n.slug: n.weight * (BESIDE_A_NAME if names and n.learnt else 1.0) for n in understood.needs
        }
        wanted = self._wanted(told) | names | _contacts(understood)
        nothing_told = bool(criteria.q) and not wanted and not terms
        return EngineQuery(
            # words that stand nowhere find nothing; a place alone ("Alta") finds what is there
            wanted=FIRST_DOORS if nothing_told and not place and not understood.terms else wanted,
            terms=understood.terms if nothing_told else terms,
            minimum_text=ENOUGH_TEXT_BESIDE_NEEDS if wanted else ENOUGH_TEXT,
            boosts=understood.boosts,
            filters=tuple(filters(criteria)),
            preferred=self._preferred(criteria, understood, place),
            point=(place.lat, place.lon) if place else None,
            radius_km=criteria.radius_km if place else None,
            serving=self._serving(place),
            age=criteria.age,
            open_at=criteria.open_at,
            sort=criteria.sort,
            offset=(criteria.page - 1) * criteria.per_page,
            limit=criteria.per_page,
            facets=FACETS if criteria.facets else (),
            weights=self._weighted(told, place),
        )

    def with_the_like(self, snapshot: Snapshot, query: EngineQuery, hits: Hits) -> EngineQuery:
        """The query that also asks for what the named service is there for, whichever page is asked for."""
        named = hits.hits[0] if hits.hits else snapshot.search(query._replace(offset=0, limit=1)).hits[0]
        needs, _ = orjson.loads(snapshot.piece(named, "labelled"))
        wanted = {f"need:{slug}": weight for slug, weight in zip(needs, LIKE_THE_NAMED, strict=False)}
        return query._replace(wanted={**wanted, **query.wanted})

    def place(self, criteria: Criteria, understood: Understood) -> Place | None:
        """The place of the text, unless a given position lies there, or a radius is drawn around that."""
        named, near = understood.place, criteria.near
        if named is None or near is None:
            return named or near
        apart = geodesic_km((near.lat, near.lon), (named.lat, named.lon))
        return near if criteria.radius_km or apart <= max(SAME_PLACE_KM, named.radius_km) else named

    def _weighted(self, told: Mapping[str, float], place: Place | None) -> Weights:
        """``told``: needs, and how much each is wanted."""
        weights = self._weights
        if whole := sum(told.values()):
            afar = sum(self._needs[slug].afar * weight for slug, weight in told.items()) / whole
            weights = weights._replace(national=NATIONAL_HERE + NATIONAL_AFAR * afar)
            if place:
                weights = weights._replace(regional=max(weights.regional, REGIONAL * weights.national))
        if place and place.radius_km > weights.door_km:
            weights = weights._replace(door_km=place.radius_km)
        return weights

    def _wanted(self, told: Mapping[str, float]) -> dict[str, float]:
        wanted: dict[str, float] = {}
        for slug, weight in told.items():
            for key, share in self._answering[slug]:
                worth = weight if share is None else weight * share * RELATED
                if worth >= WORTH_NAMING and worth > wanted.get(key, 0.0):
                    wanted[key] = worth
        return wanted

    def _preferred(
        self, criteria: Criteria, understood: Understood, place: Place | None
    ) -> tuple[Mapping[str, float], ...]:
        """Groups of factors; in each the best one that a service has multiplies its score, 1 where it has none."""
        groups: list[Mapping[str, float]] = []
        if understood.emergency and BODY_IN_DANGER in understood.emergency.slugs:
            contacts = understood.emergency.contacts
            groups.append(
                {f"service:{slug}": FIRST_OF_ALL * 0.7**place for place, slug in enumerate(contacts)}
            )
        if asked := {*criteria.language, *understood.languages}:
            groups.append(
                {f"language:{code}": SPOKEN for code in asked}
                | {"flag:interpreter": INTERPRETER, "flag:by-law": BY_LAW}
            )
        elif understood.asker and understood.asker not in ("nb", "nn", "en"):
            groups.append({f"language:{understood.asker}": ASKER_LANGUAGE})
        if place and (at := self._municipality(place)):
            groups.append({f"catchment:municipality:{at.municipality_no}": CATCHMENT})
        if criteria.age is None and YOUNG_PEOPLE not in (*criteria.need, *(n.slug for n in understood.needs)):
            groups.append({"flag:all-ages": ALL_AGES})
        country = place.country if place else COUNTRIES.get(understood.asker or "", HOME)
        groups.append(
            {f"country:{country}": 1 / ABROAD} | ({} if place else {f"country:{HOME}": 0.8 / ABROAD})
        )
        return tuple(groups)

    def _serving(self, place: Place | None) -> frozenset[str]:
        if place is None:
            return frozenset()
        keys = {f"area:national:{place.country}", "area:national:*"}
        at = self._municipality(place)
        if at and at.county:
            keys.add(f"area:county:{at.county}")
        if at and at.municipality_no:
            keys.add(f"area:municipality:{at.municipality_no}")
        return frozenset(keys)

    def _municipality(self, place: Place) -> Place | None:
        """Where the place lies: a county stands for itself."""
        return (
            place
            if place.kind == "county" or place.municipality_no
            else self._places.at(place.lat, place.lon)
        )


def is_a_name(snapshot: Snapshot, understood: Understood) -> bool:
    """Whether a line that tells no need for sure is nothing but words of one service's name or its organization's."""
    words = [term.alternatives[0][0] for term in (*understood.terms, *understood.boosts)]
    if not understood.terms or any(n.sure for n in understood.needs):
        return False
    named = EngineQuery(filters=tuple(frozenset({f"name:{word}"}) for word in words), limit=1)
    return snapshot.search(named).total > 0


def _stands_anywhere(snapshot: Snapshot, term: Term) -> bool:
    return any(snapshot.has_term(name) for name, _ in term.alternatives)


def _names(snapshot: Snapshot, understood: Understood) -> dict[str, float]:
    """Keys of the few services that words of the line name, as they are written or as they sound."""
    names: dict[str, float] = {}
    for term in understood.terms:
        key = f"name:{term.alternatives[0][0]}"
        if 0 < snapshot.count((key,))[key] <= RARE_NAME:
            names[key] = NAMED
    rare = RARE_SOUND if understood.needs else FAMILY
    for key in _as_they_sound(understood.unread) if understood.unread else ():
        if 0 < snapshot.count((key,))[key] <= rare:
            names[key] = SOUNDS
    return names


def _as_they_sound(unread: Sequence[str]) -> Iterator[str]:
    foreign = [word for word in unread if is_foreign(word)]
    yield from (f"sound:{sound}" for sound in sounds_of(foreign))
    yield from (f"heard:{sound}" for sound in sounds_of([w for w in unread if w not in foreign]))


def _contacts(understood: Understood) -> dict[str, float]:
    if understood.emergency is None:
        return {}
    first = 1.0 if BODY_IN_DANGER in understood.emergency.slugs else BESIDE_THE_NEED
    return {f"service:{slug}": first * 0.9**place for place, slug in enumerate(understood.emergency.contacts)}
