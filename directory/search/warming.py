"""The compiled part of the search is made ready before anybody asks: compiled, or read from where it was kept."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from directory.search.query import EngineQuery
from directory.search.snapshot import opened
from directory.search.storage.assembly import build_segment
from directory.search.storage.document import Document, Spot
from directory.search.storage.generation import Generation, SegmentEntry

_HERE = (60.0, 10.0)


@cache
def warm() -> None:
    """By a search in an index of one: half a minute where this version was never compiled, else half a second."""
    with TemporaryDirectory() as folder:
        one = Document(id=str(UUID(int=1)), terms={"one": 1.0}, keys={"need:one": 1.0}, spots=(Spot(*_HERE),))
        build_segment(Path(folder) / "one", [one])
        snapshot = opened(Path(folder), Generation(0, 0, "", (SegmentEntry("one", 1, {}),)))
        query = EngineQuery(wanted={"need:one": 1.0}, point=_HERE, radius_km=1.0, facets=("need:",))
        for hit in snapshot.search(query).hits:
            snapshot.has_key(hit, "need:one")
