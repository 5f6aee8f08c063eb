"""What the index holds of one service: made by ``listing``, stored by ``index``, searched by ``engine``.

The engine knows nothing of services. It knows terms (text, scored by BM25), keys (facts, filtered and counted),
points, schedules, a few numbers, and pieces of ready JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Spot:
    """One location of a document: WGS 84 degrees, and the opening hours there (expression, IANA zone), if known."""

    latitude: float
    longitude: float
    schedule: tuple[str, str] | None = None


@dataclass(slots=True)
class Document:
    id: str  # UUID of the service
    # term -> frequency, already weighted by field (name 4, needs and synonyms 3, organization 2, description 1)
    terms: Mapping[str, float]
    # key -> strength in (0, 1]: "need:naloxone" (and its ancestors), "language:ru", "municipality:4601",
    # "organization:<uuid>", "area:NO", "area:county:Oslo", "area:municipality:0301", "flag:free", …
    keys: Mapping[str, float]
    spots: tuple[Spot, ...] = ()  # none: the service has no place of its own
    schedule: tuple[str, str] | None = None  # (OSM opening_hours expression, IANA zone) where a spot has none
    ages: tuple[int, int] = (0, 150)  # inclusive; unknown excludes nobody
    trust: float = 1.0  # a factor on the score: 1 as it is listed, above when verified, below when stale
    prominence: float = (
        0.0  # 0..1: how many people the place it stands in serves; counts when no place is asked for
    )
    reach: int = 0  # 0 local, 1 regional, 2 national
    verified_on: int = 0  # days since 1970-01-01; 0: never
    sort_name: str = ""
    # name -> UTF-8 JSON, as the answer joins it: "static", "text:nb", …
    pieces: Mapping[str, bytes] = field(default_factory=dict)
