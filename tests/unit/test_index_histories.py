"""An index that followed changes answers as one that was built anew, and stays small."""

from __future__ import annotations

import json
import math
import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from directory.search import index, soundness
from directory.search.engine import Engine
from directory.search.query import EngineQuery
from directory.search.storage.document import Document, Spot
from tests.engine_oracle import Oracle, documents, ids, queries, service, states_at

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "index"


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@pytest.mark.parametrize(("absorbed", "segments", "large"), [(256, 8, 32_768), (0, 3, 32_768), (4, 2, 10)])
@given(data=st.data())
def test_an_updated_index_answers_as_a_rebuilt_one(
    absorbed: int, segments: int, large: int, data: st.DataObject
) -> None:
    identities = [UUID(int=n * 2**100) for n in range(12)]
    named = st.builds(lambda d, i: _renamed(d, i), documents(), st.sampled_from(identities))
    with (
        tempfile.TemporaryDirectory() as one,
        tempfile.TemporaryDirectory() as other,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(os, "fsync", lambda descriptor: None)  # the disk is not the subject, and slow
        patch.setattr(index, "_ABSORBED", absorbed)
        patch.setattr(index, "_SEGMENTS", segments)
        patch.setattr(index, "_LARGE", large)
        there = {d.id: d for d in data.draw(st.lists(named, max_size=12))}
        index.rebuild(Path(one), there.values(), position=0, fingerprint="a")
        engine = Engine(Path(one), states_at=states_at)
        for position in range(1, data.draw(st.integers(1, 8)) + 1):
            changed = {d.id: d for d in data.draw(st.lists(named, max_size=4))}
            gone = (
                set(data.draw(st.lists(st.sampled_from([str(i) for i in identities]), max_size=3)))
                - changed.keys()
            )
            there = {i: d for i, d in there.items() if i not in gone} | changed
            state = index.apply(Path(one), changed.values(), gone, position=position)
            assert (state.documents, state.position) == (len(there), position)
            updated = engine.snapshot()
        index.rebuild(Path(other), there.values(), position=position, fingerprint="a")
        rebuilt = Engine(Path(other), states_at=states_at).snapshot()
        assert soundness.check(Path(one)) == []
        assert updated.keys_with_prefix("", 100) == rebuilt.keys_with_prefix("", 100)
        assert updated.keys_with_prefix("", 2) == rebuilt.keys_with_prefix("", 2)
        for query in data.draw(st.lists(queries(NOON), min_size=1, max_size=4)):
            ours, theirs = updated.search(query), rebuilt.search(query)
            assert (ours.total, ours.facets) == (theirs.total, theirs.facets)
            told = [
                [
                    (s.identity(h), h.score, h.distance_km, h.spot, h.open, s.piece(h, "static"))
                    for h in found.hits
                ]
                for s, found in ((updated, ours), (rebuilt, theirs))
            ]
            assert told[0] == told[1]
            assert {str(identity) for identity, *_ in told[0]} == Oracle(there.values()).answer(query).keys()


def _renamed(document: Document, identity: UUID) -> Document:
    document.id = str(identity)
    document.sort_name += document.id[:9]
    return document


def test_single_changes_do_not_heap_up_segments(path: Path) -> None:
    index.rebuild(path, [service(n) for n in range(1000)], position=0, fingerprint="a")
    for position in range(1, 40):
        index.apply(path, [service(position), service(2000 + position)], [], position=position)
    folders = [item for item in path.iterdir() if item.is_dir()]
    manifest = json.loads((path / "manifest.json").read_bytes())
    assert len(manifest["segments"]) == 2
    assert len(folders) <= 4  # and those of the generation before, which a reader may be about to open
    assert len(ids(Engine(path).snapshot())) == 1039


def test_what_is_mostly_dead_is_written_anew(path: Path) -> None:
    index.rebuild(path, [service(n) for n in range(600)], position=0, fingerprint="a")
    index.apply(path, [], [str(UUID(int=n)) for n in range(250)], position=1)
    manifest = json.loads((path / "manifest.json").read_bytes())
    assert [(s["documents"], s["dead"]) for s in manifest["segments"]] == [(350, 0)]
    assert ids(Engine(path).snapshot()) == set(range(250, 600))


def test_many_changes_at_a_time_do_not_heap_up_segments_either(path: Path) -> None:
    index.rebuild(path, [service(0)], position=0, fingerprint="a")
    for position in range(1, 12):
        index.apply(path, [service(position * 1000 + n) for n in range(300)], [], position=position)
        manifest = json.loads((path / "manifest.json").read_bytes())
        assert len(manifest["segments"]) <= 8
    assert len(ids(Engine(path).snapshot())) == 1 + 11 * 300


def test_a_place_keeps_its_number_when_segments_are_put_together(path: Path) -> None:
    nowhere = Spot(math.nan, math.nan)
    spots = (nowhere, Spot(60.0, 5.0), nowhere, Spot(61.0, 5.0))
    index.rebuild(path, [service(1, spots=spots)], position=0, fingerprint="a")
    index.apply(path, [service(2)], [], position=1)
    assert len(json.loads((path / "manifest.json").read_bytes())["segments"]) == 1
    snapshot = Engine(path).snapshot()
    for latitude, spot in ((60.0, 1), (61.0, 3)):
        hits = snapshot.search(EngineQuery(point=(latitude, 5.0), sort="distance")).hits
        assert (snapshot.identity(hits[0]).int, hits[0].spot, hits[0].distance_km) == (1, spot, 0.0)
