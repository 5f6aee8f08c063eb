"""What the engine is put together from: the curve, rough distances, parts of a segment, arrays in a file, the score."""

from __future__ import annotations

import math
from pathlib import Path

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from directory.places.distance import distances_km
from directory.search.matching import compiled, curve, handing, ranking
from directory.search.matching.ellipsoid import distance_km
from directory.search.matching.layout import Counted, Times, room_for
from directory.search.matching.narrowing import lower_bound, within
from directory.search.matching.sphere import rough_km, unit_vector, unit_vectors
from directory.search.query import Weights
from directory.search.storage.arrays import map_arrays, write_arrays
from directory.search.storage.inversion import Inversion

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
    exact = distances_km(*centre, at[:, 0], at[:, 1])
    for unit, distance in zip(unit_vectors(at[:, 0], at[:, 1]), exact.tolist(), strict=True):
        least, most = rough_km(unit_vector(*centre), tuple(unit.tolist()))
        assert least <= distance <= most


def test_rough_distances_are_near_the_exact_ones_and_unknown_where_there_is_no_place() -> None:
    bergen, nowhere = unit_vector(60.39, 5.32), (math.nan, math.nan, math.nan)
    least, most = rough_km(bergen, unit_vector(69.65, 18.95))
    assert 1150 < least < most < 1300
    assert np.isnan(rough_km(bergen, nowhere)).all()


# the compiled parts


@quick
@given(st.lists(st.integers(0, 40), max_size=30), st.integers(-1, 41), st.data())
def test_the_first_that_is_not_below_is_found_as_numpy_finds_it(
    values: list[int], wanted: int, data: st.DataObject
) -> None:
    some = np.array(sorted(values), dtype=np.uint32)
    low, high = sorted(data.draw(st.tuples(*[st.integers(0, len(some))] * 2)))
    assert lower_bound(some, low, high, wanted) == low + np.searchsorted(some[low:high], wanted)


@quick
@given(st.lists(st.integers(0, 200), max_size=12, unique=True), st.integers(0, 201))
def test_a_document_is_within_a_range_or_outside_of_all(cuts: list[int], document: int) -> None:
    cuts = sorted(cuts)[: len(cuts) // 2 * 2]
    ranges = np.array(cuts, dtype=np.int64).reshape(-1, 2)
    assert within(ranges, document) == any(low <= document < high for low, high in ranges.tolist())


@quick
@given(points, points)
def test_one_distance_is_as_far_as_many_are_told_to_be(
    one: tuple[float, float], other: tuple[float, float]
) -> None:
    expected = distances_km(*one, np.array([other[0]]), np.array([other[1]]))[0]
    found = distance_km(*one, *other)
    # nearly antipodal points (within some six degrees) are left to who can tell
    assert found == pytest.approx(expected, abs=1e-6) or (found == -1 and expected > 19_300)


def test_a_distance_to_nowhere_is_unknown() -> None:
    assert math.isnan(distance_km(60.39, 5.32, math.nan, math.nan))


def test_what_is_compiled_is_compiled_anew_when_any_of_its_sources_changes() -> None:
    """numba itself looks only at the file a function stands in."""
    folder = Path(compiled.__file__).parent
    using = {p.name for p in folder.glob("*.py") if "import compiled\n" in p.read_text("utf-8")}
    assert using - {"engine.py", "asking.py"} <= set(compiled.SOURCES)
    assert "layout.py" in compiled.SOURCES  # their constants are compiled in
    with pytest.raises(AssertionError, match="not among the sources"):
        compiled.compiled(test_a_distance_to_nowhere_is_unknown)


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
        patch.setattr("directory.search.storage.inversion.RUN", run)
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
    w = Weights()
    factors = [
        ranking.place_factor(distance, reach, serving, w.door_km, w.half_distance_km, w.national, w.regional)
        for distance in sorted(distances)
    ]
    assert factors == sorted(factors, reverse=True)
    assert min(factors) > 0


def test_each_further_need_that_is_met_adds_and_none_makes_more_than_all() -> None:
    one = ranking.missing(1.0, 1.0, 1.0)
    two = ranking.missing(one, 1.0, 1.0)
    assert 0 <= two < one < 1


# how arrays are handed over


@numba.njit
def _told(times_table: np.ndarray, counted_table: np.ndarray) -> tuple[float, int, int]:
    times, counted = handing.times_at(times_table), handing.counted_at(counted_table)
    return times.known.sum() + times.states[1], counted.facet[1, 0], len(times.extras_known)


def test_what_is_handed_over_by_its_address_is_what_was_there() -> None:
    numbers = np.arange(6, dtype=np.int64)
    times = Times(np.array([1, 7], dtype=np.int8), np.array([0.5, 2.0]), np.empty(0))
    counted = Counted(numbers[:4].reshape(2, 2), numbers.reshape(3, 2), numbers.reshape(2, 3), numbers)
    assert _told(handing.addresses(times), handing.addresses(counted)) == (9.5, 2, 0)


def test_every_array_of_a_room_has_the_type_that_is_told_of_it() -> None:
    assert handing.addresses(room_for(3)).shape == (len(room_for(3)), 3)


@pytest.mark.parametrize(
    "wrong",
    [np.zeros(2, dtype=np.float32), np.zeros((2, 2)), np.zeros(4)[::2]],
    ids=["type", "shape", "gaps"],
)
def test_an_array_that_is_not_as_told_is_refused(wrong: np.ndarray) -> None:
    with pytest.raises(TypeError, match="known"):
        handing.addresses(Times(np.zeros(2, dtype=np.int8), wrong, np.empty(0)))
