"""A search, from resolved criteria to the answer's JSON: understand, ask the engine, widen when nothing fits, join."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson

from directory.needs import EmergencySign, Needs
from directory.places import Place, Places
from directory.search.answer import Joiner, counted
from directory.search.criteria import Criteria, resolve
from directory.search.engine import Engine
from directory.search.mixing import mixed
from directory.search.query import EngineQuery, Hits, Snapshot, Weights
from directory.search.querying import Querying, is_a_name
from directory.search.regarding import Regarded, Regards, told_beside_trust
from directory.search.suggesting import Suggester
from directory.search.understand import Lexicon, Understanding, Understood

FEW_NAMED = 3  # services that a line of nothing but a name or a number may name
HOME_LANGUAGE = "nb"
RADII_KM = (10, 25, 50, 100, 250, 500, 1000)
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
        self.understand = Understanding(
            needs,
            places,
            engine.has_term,
            lambda word, edits: engine.snapshot().similar(word, edits),
            lexicon,
        )
        self.joiner = Joiner(needs, address)
        self.suggest = Suggester(needs, places, engine, self.joiner, self.understand.lexicon.completions)
        self.querying = Querying(needs, places, weights or Weights())
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
        if is_a_name(snapshot, understood):
            understood = understood._replace(needs=())
        relaxed: list[Mapping[str, object]] = []
        query = self.querying(snapshot, criteria, understood)
        hits = self._hits(snapshot, query, understood)
        if criteria.q and not understood.needs and 0 < hits.total <= FEW_NAMED:
            query = self.querying.with_the_like(snapshot, query, hits)
            hits = snapshot.search(query)
        steps = self._wider(criteria, understood)
        while not hits.total and (step := next(steps, None)):
            told, criteria, understood_then = step
            if "widened_to_km" in told and relaxed and "widened_to_km" in relaxed[-1]:
                relaxed.pop()
            relaxed.append(told)
            query = self.querying(snapshot, criteria, understood_then)
            hits = self._hits(snapshot, query, understood_then)
        return Found(understood, hits, tuple(relaxed), query)

    def _hits(self, snapshot: Snapshot, query: EngineQuery, understood: Understood) -> Hits:
        groups = [frozenset(f"need:{slug}" for slug in slugs) for slugs in understood.beside]
        if len(groups) > 1 and query.sort == "best":
            return mixed(snapshot, query, groups)
        return snapshot.search(query)

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
        place = self.querying.place(criteria, understood)
        others = understood.alternatives if place is understood.place else criteria.near_alternatives
        return {
            "needs": [
                {"slug": n.slug, "label": self.needs.label(n.slug, criteria.lang), "matched": n.matched}
                for n in understood.needs
                if n.said
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


def _taken_for(understood: Understood, criteria: Criteria) -> str | None:
    """What words were taken for: the line's, and the name given in ``near``."""
    near = criteria.near.name if criteria.near and criteria.near_misspelt else None
    return ", ".join(part for part in (understood.corrected, near) if part) or None


def _described(place: Place) -> dict[str, Any]:
    return {"name": place.name, "municipality": place.municipality, "country": place.country}
