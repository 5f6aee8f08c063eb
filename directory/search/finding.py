"""A search, from resolved criteria to the answer's JSON: understand, ask the engine, widen when nothing fits, join."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson

from directory.needs import EmergencySign, Needs
from directory.places import Place, Places, geodesic_km
from directory.places.sounding import is_foreign
from directory.search.answer import Joiner, counted
from directory.search.criteria import Criteria, filters, resolve
from directory.search.engine import Engine
from directory.search.listing import sounds_of
from directory.search.mixing import mixed
from directory.search.query import EngineQuery, Hits, Snapshot, Term, Weights
from directory.search.regarding import Regarded, Regards, told_beside_trust
from directory.search.suggesting import Suggester
from directory.search.understand import Lexicon, Understanding, Understood

RADII_KM = (10, 25, 50, 100, 250, 500, 1000)
SAME_PLACE_KM = 50.0  # a position this near the place named in the text says more exactly where it is
ENOUGH_TEXT, ENOUGH_TEXT_BESIDE_NEEDS = (
    0.34,
    0.75,
)  # share of the words' information that makes a candidate by text
WORTH_NAMING = 0.08  # a need wanted less than this is no reason to name a service
RELATED = 0.4  # what a related need is worth beside the one that was told
FACETS = ("need:", "language:", "municipality:")
SPOKEN, INTERPRETER, BY_LAW = 1.35, 1.2, 1.1  # factors of services that help in the language asked for
ASKER_LANGUAGE = 1.3
# Where this is among the needs of an emergency, its contacts are the first results, wherever one is.
BODY_IN_DANGER = "overdose-acute"
FIRST_OF_ALL = 6.0
BESIDE_THE_NEED = 0.5  # other emergency contacts come with the services that are for the need
SOUNDS, RARE_SOUND = 0.6, 4  # a word that no text has, and how few names may sound like it
# Where a line is nothing but a name or a number, those who are there for the same come after the one it names.
LIKE_THE_NAMED, FEW_NAMED = (0.35, 0.15), 3
# What a national service counts beside a local one: as much more as its need is met from afar.
NATIONAL_HERE, NATIONAL_AFAR = 0.57, 0.35
NAMED, RARE_NAME = 0.6, 3  # a word that stands in the names of so few services names one of them
HOME, HOME_LANGUAGE = "NO", "nb"
COUNTRIES = {"da": "DK", "sv": "SE"}  # the country whose services people who write so most likely mean
ABROAD = 0.45
CATCHMENT = 1.04  # a local service that is known to be the one for the municipality
# Shown when nothing at all was understood: where anybody can begin.
FIRST_DOORS = {"need:emergency-group": 0.6, "need:crisis-line": 0.6, "need:find-a-service": 0.5}
LAST_TO_FIRST = ("open_at", "anonymous", "free", "remote", "audience", "gender", "age", "language")


class Found(NamedTuple):
    """What a search found, before it is put in words: for the answer, for ``explain``, and for measuring."""

    understood: Understood
    hits: Hits
    relaxed: tuple[Mapping[str, object], ...]
    query: EngineQuery


class Finder:
    """``address``: what stands before a service's slug in its own address; ``lexicon``: see ``Understanding``. Holds
    nothing of a search.
    """

    def __init__(
        self,
        needs: Needs,
        places: Places,
        engine: Engine,
        *,
        address: str,
        weights: Weights | None = None,
        lexicon: Lexicon | None = None,
    ) -> None:
        self.needs, self.places, self.engine = needs, places, engine
        self.weights = weights or Weights()
        self.understand = Understanding(
            needs,
            places,
            engine.has_term,
            lambda word, edits: engine.snapshot().similar(word, edits),
            lexicon,
        )
        self.joiner = Joiner(needs, address)
        self.suggest = Suggester(needs, places, engine, self.joiner, self.understand.lexicon.completions)
        # need -> keys of services that answer it, and how far those for a related one do
        self._answering = {
            need.slug: (
                (f"need:{need.slug}", None),
                *((f"need:{s}", share) for s, share in need.related.items()),
            )
            for need in needs
        }
        self._municipalities = {
            m.municipality_no: m.name for m in places.municipalities() if m.municipality_no
        }

    def resolve(self, values: Mapping[str, Any], *, now: datetime, lang: str) -> Criteria:
        """Criteria from values under the contract's names: see ``criteria.resolve``. Raises InvalidInput."""
        return resolve(
            values,
            needs=self.needs,
            places=self.places,
            is_organization=lambda name: self.engine.snapshot().by_key(f"organization:{name}") is not None,
            now=now,
            lang=lang,
        )

    def place(self, near: str) -> Place | None:
        """The place of a position, a postcode or a name, as in a search. Raises InvalidInput for ``near``."""
        return self.resolve({"near": near}, now=datetime.now(UTC), lang=HOME_LANGUAGE).near

    def answer(self, criteria: Criteria, now: datetime, regards: Regards | None = None) -> bytes:
        """The JSON object that the contract describes, UTF-8; with ``trust.network`` for those who have ``regards``.

        Raises IndexUnavailable.
        """
        snapshot = self.engine.snapshot()
        found = self.find(Regarded(snapshot, regards) if regards else snapshot, criteria)
        asked = {*criteria.language, *found.understood.languages}
        at = criteria.open_at or now
        results = self.joiner.results(snapshot, found.hits.hits, criteria.lang, at, asked)
        body = [
            orjson.dumps(
                {
                    "total": found.hits.total,
                    "page": criteria.page,
                    "per_page": criteria.per_page,
                    "understood": self.told(found.understood, criteria),
                    "emergency": self._emergency(snapshot, found.understood.emergency, criteria.lang),
                    "relaxed": found.relaxed,
                }
            )[:-1],
            b',"results":',
            results if regards is None else told_beside_trust(results, regards),
        ]
        if criteria.facets:
            labelled = counted(found.hits.facets, self.needs, self._municipalities, criteria.lang)
            body += [b',"facets":', orjson.dumps(labelled)]
        return b"".join((*body, b"}"))

    def find(self, snapshot: Snapshot, criteria: Criteria) -> Found:
        """Search, and widen step by step as long as nothing fits; says which steps it took."""
        near = (criteria.near.lat, criteria.near.lon) if criteria.near else None
        understood = (
            self.understand(criteria.q, language=criteria.lang, near=near, as_written=criteria.as_written)
            if criteria.q
            else Understood()
        )
        relaxed: list[Mapping[str, object]] = []
        query = self._query(snapshot, criteria, understood)
        hits = self._hits(snapshot, query, understood)
        if criteria.q and not understood.needs and 0 < hits.total <= FEW_NAMED:
            query = self._with_the_like(snapshot, query, hits)
            hits = snapshot.search(query)
        steps = self._wider(criteria, understood)
        while not hits.total and (step := next(steps, None)):
            told, criteria, understood_then = step
            if "widened_to_km" in told and relaxed and "widened_to_km" in relaxed[-1]:
                relaxed.pop()
            relaxed.append(told)
            query = self._query(snapshot, criteria, understood_then)
            hits = self._hits(snapshot, query, understood_then)
        return Found(understood, hits, tuple(relaxed), query)

    def _hits(self, snapshot: Snapshot, query: EngineQuery, understood: Understood) -> Hits:
        groups = [frozenset(f"need:{slug}" for slug in slugs) for slugs in understood.beside]
        if len(groups) > 1 and query.sort == "best":
            return mixed(snapshot, query, groups)
        return snapshot.search(query)

    def _with_the_like(self, snapshot: Snapshot, query: EngineQuery, hits: Hits) -> EngineQuery:
        """The query that also asks for what the named service is there for, whichever page is asked for."""
        named = hits.hits[0] if hits.hits else snapshot.search(query._replace(offset=0, limit=1)).hits[0]
        needs, _ = orjson.loads(snapshot.piece(named, "labelled"))
        wanted = {f"need:{slug}": weight for slug, weight in zip(needs, LIKE_THE_NAMED, strict=False)}
        return query._replace(wanted={**wanted, **query.wanted})

    def _query(self, snapshot: Snapshot, criteria: Criteria, understood: Understood) -> EngineQuery:
        place = self._place(criteria, understood)
        terms = tuple(t for t in understood.terms if self._stands_anywhere(snapshot, t))
        told = dict.fromkeys(criteria.need, 1.0) | {n.slug: n.weight for n in understood.needs}
        wanted = self._wanted(snapshot, told, understood)
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
            weights=self._weights(told, place),
        )

    def _weights(self, told: Mapping[str, float], place: Place | None) -> Weights:
        """``told``: needs, and how much each is wanted."""
        weights = self.weights
        if whole := sum(told.values()):
            afar = sum(self.needs[slug].afar * weight for slug, weight in told.items()) / whole
            weights = weights._replace(national=NATIONAL_HERE + NATIONAL_AFAR * afar)
        if place and place.radius_km > weights.door_km:
            weights = weights._replace(door_km=place.radius_km)
        return weights

    def _place(self, criteria: Criteria, understood: Understood) -> Place | None:
        """The place of the text, unless a given position lies there, or a radius is drawn around that."""
        named, near = understood.place, criteria.near
        if named is None or near is None:
            return named or near
        apart = geodesic_km((near.lat, near.lon), (named.lat, named.lon))
        return near if criteria.radius_km or apart <= max(SAME_PLACE_KM, named.radius_km) else named

    def _stands_anywhere(self, snapshot: Snapshot, term: Term) -> bool:
        return any(snapshot.has_term(name) for name, _ in term.alternatives)

    def _wanted(
        self, snapshot: Snapshot, told: Mapping[str, float], understood: Understood
    ) -> dict[str, float]:
        wanted: dict[str, float] = {}
        for slug, weight in told.items():
            for key, share in self._answering[slug]:
                worth = weight if share is None else weight * share * RELATED
                if worth >= WORTH_NAMING and worth > wanted.get(key, 0.0):
                    wanted[key] = worth
        for term in understood.terms:
            key = f"name:{term.alternatives[0][0]}"
            if 0 < snapshot.count((key,))[key] <= RARE_NAME:
                wanted[key] = NAMED
        for key in _as_they_sound(understood.unread) if understood.unread else ():
            if 0 < snapshot.count((key,))[key] <= RARE_SOUND:
                wanted[key] = SOUNDS
        if understood.emergency:
            contacts = understood.emergency.contacts
            first = 1.0 if BODY_IN_DANGER in understood.emergency.slugs else BESIDE_THE_NEED
            wanted |= {f"service:{slug}": first * 0.9**place for place, slug in enumerate(contacts)}
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
            place if place.kind == "county" or place.municipality_no else self.places.at(place.lat, place.lon)
        )

    def _wider(
        self, criteria: Criteria, understood: Understood
    ) -> Iterator[tuple[Mapping[str, object], Criteria, Understood]]:
        """Each step gives up one more thing: first how far, then how, then for whom, at last what."""
        if criteria.radius_km:
            for radius in RADII_KM:
                if radius > criteria.radius_km:
                    criteria = criteria._replace(radius_km=float(radius))
                    yield {"widened_to_km": radius}, criteria, understood
            criteria = criteria._replace(radius_km=None)
            yield {"dropped": "radius_km"}, criteria, understood
        for name in LAST_TO_FIRST:
            if getattr(criteria, name) not in (None, False, ()):
                criteria = criteria._replace(**{name: Criteria._field_defaults[name]})
                yield {"dropped": name}, criteria, understood
        if criteria.q and (understood.terms or understood.needs):
            understood = Understood(place=understood.place, languages=understood.languages)
            criteria = criteria._replace(q="")
            if criteria.need or criteria.municipality or criteria.organization:
                yield {"dropped": "q"}, criteria, understood
        for name in ("municipality", "organization"):
            if getattr(criteria, name):
                criteria = criteria._replace(**{name: ()})  # type: ignore[arg-type]
                yield {"dropped": name}, criteria, understood
        while criteria.need and (broader := self._broader(criteria.need)) != criteria.need:
            criteria = criteria._replace(need=broader)
            yield {"dropped": "need", "widened_to": list(broader)}, criteria, understood
        # nothing of what was asked for is left: the doors that are open to anybody
        yield {"dropped": "need" if criteria.need else "q"}, criteria._replace(need=(), q=" "), understood

    def _broader(self, slugs: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.needs.ancestors(s), s)[0] for s in slugs))

    def told(self, understood: Understood, criteria: Criteria) -> dict[str, Any]:
        """What was understood, as the answer tells it."""
        place = self._place(criteria, understood)
        others = understood.alternatives if place is understood.place else criteria.near_alternatives
        return {
            "needs": [
                {"slug": n.slug, "label": self.needs.label(n.slug, criteria.lang), "matched": n.matched}
                for n in understood.needs
            ],
            "place": place
            and {"name": place.name, "lat": place.lat, "lon": place.lon, "precision": place.precision}
            | ({"alternatives": [_described(p) for p in others]} if others else {}),
            "languages": list(understood.languages),
            "text": understood.text,
            "corrected": _taken_for(understood, criteria),
        }

    def _emergency(self, snapshot: Snapshot, sign: EmergencySign | None, lang: str) -> dict[str, Any] | None:
        """The contacts of an emergency, from the directory's own entries; those it doesn't hold are left out."""
        if sign is None:
            return None
        contacts = []
        for slug in sign.contacts:
            hit = snapshot.by_key(f"service:{slug}")
            if hit is None:
                continue
            text = self.joiner.text(snapshot, hit, lang)
            phones = self.joiner.phones(snapshot, hit)
            contacts.append(
                {
                    "name": text["name"],
                    "name_language": text["name_language"],
                    "phone": phones[0] if phones else None,
                    "text": text["summary"],
                    "text_language": text["summary_language"],
                }
            )
        return {"reason": sign.reason, "contacts": contacts}


def _as_they_sound(unread: Sequence[str]) -> Iterator[str]:
    foreign = [word for word in unread if is_foreign(word)]
    yield from (f"sound:{sound}" for sound in sounds_of(foreign))
    yield from (f"heard:{sound}" for sound in sounds_of([w for w in unread if w not in foreign]))


def _taken_for(understood: Understood, criteria: Criteria) -> str | None:
    """What words were taken for: the line's, and the name given in ``near``."""
    near = criteria.near.name if criteria.near and criteria.near_misspelt else None
    return ", ".join(part for part in (understood.corrected, near) if part) or None


def _described(place: Place) -> dict[str, Any]:
    return {"name": place.name, "municipality": place.municipality, "country": place.country}
