"""How good an answer is: small pure functions of numbers, compiled into the search, in the order they are called in.

    score = (need part x weights.need + text part x weights.text)
            x place factor x trust x best factor of each preferred group

Need and text part lie in 0..1. All of it can be explained to a steward: no part looks at who asks.
"""

from __future__ import annotations

import math

import numpy as np

from directory.search.matching.compiled import inner

# BM25 (S. Robertson, H. Zaragoza: The Probabilistic Relevance Framework, 2009), with the usual parameters.
K1, B = 1.2, 0.75
# What a kilometre counts within the place that was asked for, beside one beyond it.
WITHIN = 0.1
# What meeting one wanted need fully is of all that can be met.
ONE_NEED = 0.75
# What a service counts that neither stands anywhere known nor is known to serve the point that was asked for.
UNPLACED = 0.05


def information(documents: int, having: int) -> float:
    """What it tells to find a term that so many of the documents have: its inverse document frequency, > 0."""
    return math.log(1.0 + (documents - having + 0.5) / (having + 0.5))


def length_norm(lengths: np.ndarray, average: float) -> np.ndarray:
    """The part of BM25's divisor that depends on the document alone (float32)."""
    return (K1 * ((1.0 - B) + B * lengths / (average or 1.0))).astype(np.float32)


@inner
def saturation(weight: float, norm: float) -> float:
    """How fully a document speaks of a term it has: 0..1, growing with the weighted frequency."""
    return weight / (weight + norm)


@inner
def missing(still_missing: float, weight: float, strength: float) -> float:
    """One more wanted key, for a service that has it: what is then still missing of what was wanted.

    The need part is 1 minus this (a noisy or): one need fully met is most of it, and a second one still adds, so that
    a service that also meets the related needs comes before one that meets the first alone.
    """
    return still_missing * (1.0 - ONE_NEED * weight * strength)


@inner
def told(text: float, total: float) -> float:
    """The text part: what terms and boosts tell about the document, of all that they could tell."""
    return text / total if total > 0.0 else 0.0


@inner
def base(need: float, text: float, need_weight: float, text_weight: float) -> float:
    return need_weight * need + text_weight * text


@inner
def decay(distance_km: float, half_distance_km: float) -> float:
    """1 at the door, a half at the half distance, a third at twice that. It never gets to 0: where nothing is near,
    what fits better still comes before what is a little less far."""
    return half_distance_km / (half_distance_km + distance_km)


@inner
def place_factor(
    distance_km: float,
    reach: int,
    serving: bool,
    door_km: float,
    half_distance_km: float,
    national: float,
    regional: float,
) -> float:
    """Where a point was asked for. ``distance_km`` is NaN for a service without a place; ``serving``: it is known to
    serve the point. A national service counts ``national`` however far its office is, a serving one ``regional``."""
    if math.isnan(distance_km):
        factor = UNPLACED
    else:
        beyond = max(distance_km - door_km, 0.0) + WITHIN * min(distance_km, door_km)
        factor = decay(beyond, half_distance_km)
    if reach == 2:
        return max(factor, national)
    return max(factor, regional) if serving else factor


@inner
def placeless_factor(prominence: float, reach: int, most: float, local: float, regional: float) -> float:
    """Where no point was asked for: national services fit everyone; of local ones, those that serve more people.
    ``local``, ``most``: what a local service counts at least and at most."""
    if reach == 2:
        return 1.0
    factor = local + (most - local) * prominence
    return max(factor, regional) if reach == 1 else factor
