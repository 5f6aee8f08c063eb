"""What the engine is put together from: the curve, rough distances, parts of a segment, arrays in a file, the score."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from directory.places.distance import distances_km
from directory.search import curve, ranking
from directory.search.arrays import map_arrays, write_arrays
from directory.search.candidates import Candidates, common
from directory.search.inversion import Inversion
from directory.search.query import Weights
from directory.search.sphere import rough_km, unit_vectors

latitudes = st.floats(-90, 90) | st.sampled_from([-90.0, 90.0, 89.9999, 60.39, 0.0])
longitudes = st.floats(-180, 180) | st.sampled_from([-180.0, 180.0, 179.9999, -179.9999, 5.32])
points = st.tuples(latitudes, longitudes)
quick = settings(max_examples=200, deadline=None)


def inside(covering: np.ndarray, keys: np.ndarray) -> np.ndarray:
    return np.searchsorted(covering.ravel(), keys, side="right") % 2 == 1


# the curve


@quick
@given(points, st.floats(0.01, 20_000), st.lists(points, min_size=1, max_size=50), st.data())
def test_the_covering_holds_all_that_is_within_the_radius(
    centre: tuple[float, float], radius: float, others: list[tuple[float, float]], data: st.DataObject
) -> None:
    # and points that lie at about the radius, in any direction
    for bearing in data.draw(st.lists(st.floats(0, 2 * math.pi), max_size=20)):
        angle = radius * 0.999 / 6371
        lat, lon = math.radians(centre[0]), math.radians(centre[1])
        there = math.asin(
            max(
                -1,
                min(1, math.sin(lat) * math.cos(angle) + math.cos(lat) * math.sin(angle) * math.cos(bearing)),
            )
        )
        turn = math.atan2(
            math.sin(bearing) * math.sin(angle) * math.cos(lat),
            math.cos(angle) - math.sin(lat) * math.sin(there),
        )
        others.append((math.degrees(there), (math.degrees(lon + turn) + 540) % 360 - 180))
    at = np.array([centre, *others])
    near = distances_km(*centre, at[:, 0], at[:, 1]) <= radius
    covering = curve.covering(*centre, radius)
    assert inside(covering, curve.keys(at[:, 0], at[:, 1]))[near].all()
    assert len(covering) <= 90
    assert (covering[:, 0] < covering[:, 1]).all()
    assert (covering[1:, 0] > covering[:-1, 1]).all()


def test_the_covering_of_a_town_is_little_of_the_country() -> None:
    covering = curve.covering(60.39, 5.32, 25)
    rng = np.random.default_rng(1)
    country = curve.keys(rng.uniform(58, 71, 100_000), rng.uniform(5, 31, 100_000))
    around = curve.keys(rng.uniform(60.1, 60.7, 100_000), rng.uniform(4.8, 5.8, 100_000))
    assert len(covering) <= 30
    assert (
        inside(covering, country).mean() < 0.004
    )  # the circle itself is 0.2 % of the box around the country
    assert inside(covering, around).mean() > 0.5


def test_the_curve_goes_from_cell_to_neighbouring_cell() -> None:
    """The first cells of the grid, all of them: each key once, and one step from one key to the next."""
    side = 64
    x, y = np.divmod(np.arange(side * side), side)
    longitude = (x + 0.5) / 2**curve.BITS * 360 - 180
    latitude = (y + 0.5) / 2**curve.BITS * 180 - 90
    keys = curve.keys(latitude, longitude)
    order = np.argsort(keys)
    assert (keys[order] == np.arange(side * side)).all()
    assert (abs(np.diff(x[order])) + abs(np.diff(y[order])) == 1).all()


# rough distances


@quick
@given(points, st.lists(points, min_size=1, max_size=60))
def test_rough_distances_bound_the_exact_ones(
    centre: tuple[float, float], others: list[tuple[float, float]]
) -> None:
    at = np.array([*others, centre])
    least, most = rough_km(centre, unit_vectors(at[:, 0], at[:, 1]))
    exact = distances_km(*centre, at[:, 0], at[:, 1])
    assert (least <= exact).all()
    assert (exact <= most).all()


def test_rough_distances_are_near_the_exact_ones_and_unknown_where_there_is_no_place() -> None:
    least, most = rough_km(
        (60.39, 5.32), unit_vectors(np.array([69.65, math.nan]), np.array([18.95, math.nan]))
    )
    assert 1150 < least[0] < most[0] < 1300
    assert np.isnan([least[1], most[1]]).all()


# parts of a segment


@quick
@given(st.data(), st.integers(1, 200))
def test_slots_and_documents_belong_to_each_other(data: st.DataObject, size: int) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, size), max_size=6, unique=True)))
    ranges = list(zip(cuts[::2], cuts[1::2], strict=False))
    some = st.lists(st.integers(0, size - 1), max_size=20)
    lists = [np.array(data.draw(some), dtype=np.uint32) for _ in range(2)]
    part = data.draw(st.sampled_from([Candidates.joined(ranges, lists, size), Candidates.whole(size)]))
    documents = part.documents(np.arange(part.size))
    if not part._whole:
        expected = {d for low, high in ranges for d in range(low, high)} | {
            int(d) for one in lists for d in one
        }
        assert sorted(documents.tolist()) == sorted(expected)
    postings = np.array(sorted(data.draw(st.sets(st.integers(0, size - 1)))), dtype=np.uint32)
    slots, values = part.place(postings, postings * 2)
    assert dict(zip(documents[slots].tolist(), values.tolist(), strict=True)) == {
        int(d): int(d) * 2 for d in postings if d in set(documents.tolist())
    }
    has = np.zeros(-(-size // 64) * 64, dtype=bool)
    has[postings] = True
    assert (part.has_bits(np.packbits(has, bitorder="little"))[: part.size] == has[documents]).all()
    assert (part.of(np.arange(size) * 3) == documents * 3).all()


@quick
@given(st.sets(st.integers(0, 99)), st.sets(st.integers(0, 99)))
def test_what_two_lists_have_in_common_is_found_from_either(one: set[int], other: set[int]) -> None:
    a, b = (np.array(sorted(numbers), dtype=np.uint32) for numbers in (one, other))
    left, right = common(a, b)
    assert a[left].tolist() == b[right].tolist() == sorted(one & other)


# from documents with terms to terms with documents


@quick
@given(
    st.lists(st.dictionaries(st.text(max_size=3), st.sampled_from([0.5, 1.0, 4.0])), max_size=30),
    st.integers(1, 40),
)
def test_terms_come_in_order_with_their_documents_however_small_the_runs(
    tmp_path_factory: pytest.TempPathFactory, documents: list[dict[str, float]], run: int
) -> None:
    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("directory.search.inversion.RUN", run)
        inversion = Inversion(folder, "text")
        for terms in documents:
            inversion.add(terms)
        place = np.arange(len(documents))[::-1].copy()  # the last becomes the first
        assert inversion.lengths().tolist() == [sum(terms.values()) for terms in documents]
        found = {}
        for batch in inversion.batches(place):
            ends = [*batch.starts[1:].tolist(), len(batch.documents)]
            for term, start, end in zip(batch.terms, batch.starts.tolist(), ends, strict=True):
                found[term] = (batch.documents[start:end].tolist(), batch.weights[start:end].tolist())
    expected = {
        term: [(place[n], terms[term]) for n, terms in enumerate(documents) if term in terms]
        for term in sorted({term for terms in documents for term in terms})
    }
    assert list(found) == list(expected)
    assert {t: list(zip(*columns, strict=True)) for t, columns in found.items()} == {
        t: sorted(rows) for t, rows in expected.items()
    }
    assert not list(folder.iterdir())


# arrays in a file


def test_arrays_come_back_as_they_were_and_cannot_be_changed(tmp_path: Path) -> None:
    arrays = {
        "numbers": np.arange(7, dtype=np.uint32),
        "none": np.empty((0, 5), dtype=np.float64),
        "table": np.arange(6, dtype=np.int16).reshape(2, 3),
    }
    write_arrays(tmp_path / "a.bin", arrays, {"navn": "Ålesund"})
    back, meta = map_arrays(tmp_path / "a.bin")
    assert meta == {"navn": "Ålesund"}
    for name, array in arrays.items():
        assert (back[name].dtype, back[name].shape) == (array.dtype, array.shape)
        assert (back[name] == array).all()
    with pytest.raises(ValueError, match="read-only"):
        back["numbers"][0] = 1


@pytest.mark.parametrize(
    "data", [b"", b"something else", b"VEIVARR1" + (9).to_bytes(8, "little") + b'{"meta":']
)
def test_a_file_that_holds_no_arrays_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.bin").write_bytes(data)
    with pytest.raises(ValueError, match=r"a\.bin"):
        map_arrays(tmp_path / "a.bin")


# the score


def test_a_rare_word_tells_more_than_a_common_one_and_none_tells_nothing() -> None:
    tells = [ranking.information(1000, having) for having in (0, 1, 10, 500, 1000)]
    assert tells == sorted(tells, reverse=True)
    assert tells[-1] > 0


@quick
@given(st.lists(st.floats(0, 20_040), min_size=2, max_size=30), st.integers(0, 2), st.booleans())
def test_what_is_farther_never_counts_more(distances: list[float], reach: int, serving: bool) -> None:
    """The engine leaves out who can't get to the page by this."""
    away = np.array(sorted(distances))
    factor = ranking.place_factor(away, np.full(len(away), reach), np.full(len(away), serving), Weights())
    assert (np.diff(factor) <= 0).all()
    assert (factor > 0).all()


def test_each_further_need_that_is_met_adds_and_none_makes_more_than_all() -> None:
    none = np.ones(1)
    one = ranking.missing(none, 1.0, np.ones(1))
    two = ranking.missing(one, 1.0, np.ones(1))
    assert 0 <= two[0] < one[0] < none[0]
