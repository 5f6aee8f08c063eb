"""Places, offline: postcodes, towns, municipalities and counties to points and back; distances over arrays."""

from directory.places.distance import (
    bounding_box,
    chord_distances_km,
    distances_km,
    earth_centred_km,
    geodesic_km,
    near_distances_km,
)
from directory.places.gazetteer import Places, lies_in, same_place
from directory.places.place import Found, Place, Span

__all__ = [
    "Found",
    "Place",
    "Places",
    "Span",
    "bounding_box",
    "chord_distances_km",
    "distances_km",
    "earth_centred_km",
    "geodesic_km",
    "lies_in",
    "near_distances_km",
    "same_place",
]
