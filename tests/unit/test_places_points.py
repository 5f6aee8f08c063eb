"""From points to places, and between points."""

from __future__ import annotations

import math

import numpy as np
import pytest
from geopy.distance import geodesic
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from directory.places import (
    Places,
    bounding_box,
    chord_distances_km,
    distances_km,
    earth_centred_km,
    geodesic_km,
    near_distances_km,
)
from directory.search.wordbook import Wordbook

latitudes = st.floats(-90, 90)
longitudes = st.floats(-180, 180)


@pytest.fixture(scope="module")
def places(words: Wordbook) -> Places:
    return words.places


@pytest.mark.parametrize(
    ("point", "name", "country"),
    [((69.65, 18.95), "Tromsø", "NO"), ((59.91, 10.75), "Oslo", "NO"), ((62.6, 6.44), "Haram", "NO"),
     ((69.3, 23.5), "Kautokeino", "NO"), ((78.2, 15.6), "Svalbard", "NO"), ((59.33, 18.06), "Stockholm", "SE"),
     ((58.94, 11.17), "Strömstad", "SE"), ((57.7, 11.97), "Göteborg", "SE")],
)  # fmt: skip
def test_a_point_lies_in_its_municipality_or_by_the_nearest_town_abroad(places, point, name, country):
    place = places.at(*point)
    assert (place.name, place.country) == (name, country)


@pytest.mark.parametrize("point", [(0, 0), (66, 0), (67.5, 5), (52.5, 13.4), (math.nan, 10), (90, 0)])
def test_a_point_at_sea_or_far_abroad_lies_nowhere(places, point):
    assert places.at(*point) is None


@settings(max_examples=300, deadline=None)
@given(lat=latitudes, lon=longitudes, other=latitudes, east=longitudes)
@example(lat=90.0, lon=0.0, other=-90.0, east=120.0)
@example(lat=0.0, lon=0.0, other=0.0, east=180.0)
@example(lat=0.0, lon=0.0, other=0.5, east=179.7)
@example(lat=10.0, lon=20.0, other=-10.0, east=-160.0)
@example(lat=70.0, lon=179.99, other=70.0, east=-179.99)
@example(lat=60.0, lon=10.0, other=60.0, east=10.0)
@example(lat=60.0, lon=10.0, other=60.0000001, east=10.0)
def test_distances_agree_with_geopy_within_a_centimetre_over_the_whole_world(lat, lon, other, east):
    ours = distances_km(lat, lon, np.array([other]), np.array([east]))
    assert ours[0] == pytest.approx(geodesic_km((lat, lon), (other, east)), abs=1e-5)


def test_distances_come_in_the_shape_and_order_they_were_asked_in():
    rng = np.random.default_rng(2)
    lats, lons = rng.uniform(57, 71, 200), rng.uniform(4, 31, 200)
    expected = [geodesic_km((59.91, 10.75), p) for p in zip(lats, lons, strict=True)]
    assert np.allclose(distances_km(59.91, 10.75, lats, lons), expected, atol=1e-6)
    assert distances_km(0, 0, np.array([]), np.array([])).shape == (0,)
    assert math.isnan(distances_km(60, 10, np.array([math.nan]), np.array([10.0]))[0])


@settings(max_examples=300, deadline=None)
@given(lat=st.floats(-85, 85), lon=longitudes, bearing=st.floats(0, 360), km=st.floats(0, 2000))
def test_cheap_distances_are_as_exact_as_they_say(lat, lon, bearing, km):
    other = lat + km * math.cos(math.radians(bearing)) / 112
    assume(-90 <= other <= 90)
    east = lon + km * math.sin(math.radians(bearing)) / (112 * math.cos(math.radians(lat)))
    east = (east + 180) % 360 - 180
    exact = geodesic_km((lat, lon), (other, east))
    assume(exact <= 2000)
    cheap = near_distances_km(lat, lon, np.array([other]), np.array([east]))[0]
    prepared = chord_distances_km(lat, lon, earth_centred_km(np.array([other]), np.array([east])))[0]
    assert cheap == prepared
    assert abs(cheap - exact) <= (1e-5 if exact <= 50 else 1e-3 if exact <= 500 else 0.1)


@settings(max_examples=300, deadline=None)
@given(
    lat=latitudes, lon=longitudes, radius=st.floats(0.001, 2000), bearing=st.floats(0, 360), share=st.floats(0, 1)
)  # fmt: skip
def test_every_point_within_the_radius_is_in_the_box(lat, lon, radius, bearing, share):
    inside = geodesic(kilometers=radius * share).destination((lat, lon), bearing)
    south, west, north, east = bounding_box(lat, lon, radius)
    assert south - 1e-9 <= inside.latitude <= north + 1e-9
    if west <= east:
        across = west - 1e-9 <= inside.longitude <= east + 1e-9 or abs(abs(inside.longitude) - 180) < 1e-9
    else:  # over the antimeridian
        across = inside.longitude >= west - 1e-9 or inside.longitude <= east + 1e-9
    assert across


def test_a_box_over_a_pole_holds_all_longitudes_and_one_over_the_antimeridian_turns_round():
    assert bounding_box(89.9, 10, 50)[1::2] == (-180.0, 180.0)
    assert bounding_box(89.9, 10, 50)[2] == 90.0
    _, west, _, east = bounding_box(0, 179.9, 100)
    assert west > east
    south, west, north, east = bounding_box(60, 10, 25)
    assert (north - south) * 111 == pytest.approx(50, rel=0.02)
    assert (east - west) * 55.8 == pytest.approx(50, rel=0.03)
