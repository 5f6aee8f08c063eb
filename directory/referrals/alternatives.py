"""Where else a client may be referred to when nobody answers, or the answer is no."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Table, select
from sqlmodel import Session

from directory.partners.access import Identity, Party
from directory.referrals.models import Referral
from directory.referrals.views import View
from directory.search.finding import Finder
from directory.search.query import Hit, Snapshot
from directory.search.regarding import Regards

MOST = 3
NEAR_KM = 100  # further away is no help today, whatever its capacity
AMONG = 20  # the best of the search: what is far down fits worse than its capacity can make good
FURTHEST_BACK = 20  # referrals, each of which follows the one before

_REFERRAL: Table = Referral.__table__  # type: ignore[attr-defined]


def alternatives(
    finder: Finder,
    view: View,
    now: datetime,
    lang: str,
    *,
    tried: Collection[UUID] = (),
    regards: Regards | None = None,
) -> list[dict[str, Any]]:
    """The best three results of a search for the referral's needs and languages near the place of its service: objects
    as the search answers them. Those known to have capacity come first, of what is near; those known to have none, the
    service itself and the ``tried`` ones are none. A referral that names no needs is for those of its service.

    Nothing is widened: who does not meet the need, or speak the language, is no alternative. Raises IndexUnavailable.
    """
    snapshot = finder.engine.snapshot()
    there = snapshot.by_key(f"service:{view.service.slug}") if view.service.slug else None
    needs = [slug for slug in view.needs or _needs(snapshot, there) if slug in finder.needs]
    if not needs:
        return []
    near = _place(snapshot, there)
    asked = {"need": needs, "language": view.languages, "near": near, "per_page": AMONG}
    criteria = finder.resolve(asked, now=now, lang=lang)
    answer = orjson.loads(finder.answer(criteria, now, regards))
    if answer["relaxed"]:
        return []
    without = {str(view.service.id), *map(str, tried)}
    found = [
        result
        for result in answer["results"]
        if result["id"] not in without and result["capacity"] != "no-capacity"
    ]
    found.sort(key=_worse)  # else as the search has them
    return found[:MOST]


def tried(session: Session, identity: Identity, view: View) -> frozenset[UUID]:
    """The services of the referrals that this one follows, for its sender."""
    services: set[UUID] = set()
    before = view.refers_on if Party.SENDER in view.your_part else None
    for _ in range(FURTHEST_BACK):
        if before is None:
            break
        query = select(_REFERRAL.c.service_id, _REFERRAL.c.refers_on).where(
            _REFERRAL.c.id == before, _REFERRAL.c.sender_id == identity.partner_id
        )
        row = session.execute(query).one_or_none()
        before = row.refers_on if row else None
        services |= {row.service_id} if row else set()
    return frozenset(services)


def _worse(result: dict[str, Any]) -> tuple[bool, bool]:
    far = result["distance_km"] is not None and result["distance_km"] > NEAR_KM
    return far, result["capacity"] != "capacity"


def _needs(snapshot: Snapshot, hit: Hit | None) -> list[str]:
    if hit is None:
        return []
    needs: list[str] = orjson.loads(snapshot.piece(hit, "labelled"))[0]
    return needs


def _place(snapshot: Snapshot, hit: Hit | None) -> str | None:
    """As ``near`` takes it; None where the service has left the catalogue, or is no place on Earth."""
    piece = snapshot.piece(hit, "place:0") if hit else b""
    location = orjson.loads(b"{%b}" % piece)["location"] if piece else None
    if location is None or location["lat"] is None or location["lon"] is None:
        return None
    return f"{location['lat']},{location['lon']}"
