"""How good an answer is: small pure functions over arrays, one entry a candidate. The engine calls them in this order.

    score = (need part x weights.need + text part x weights.text)
            x place factor x trust x best factor of each preferred group

Need and text part lie in 0..1. All of it can be explained to a steward: no part looks at who asks.
"""

from __future__ import annotations

import math

import numpy as np

from directory.search.query import Weights

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


def saturation(weights: np.ndarray, norms: np.ndarray) -> np.ndarray:
    """How fully a document speaks of a term it has: 0..1, growing with the weighted frequency."""
    return weights / (weights + norms)


def missing(still_missing: np.ndarray, weight: float, strengths: np.ndarray) -> np.ndarray:
    """One more wanted key, for those who have it: what is then still missing of what was wanted.

    The need part is 1 minus this (a noisy or): one need fully met is most of it, and a second one still adds, so that
    a service that also meets the related needs comes before one that meets the first alone.
    """
    return still_missing * (1.0 - ONE_NEED * weight * strengths)


def told(text: np.ndarray, boost: np.ndarray, text_total: float, boost_total: float) -> np.ndarray:
    """The text part: what terms and boosts tell about the document, of all that they could tell."""
    return (text + boost) / ((text_total + boost_total) or 1.0)


def base(need: np.ndarray, text: np.ndarray, weights: Weights) -> np.ndarray:
    return weights.need * need + weights.text * text


def decay(distance_km: np.ndarray, half_distance_km: float) -> np.ndarray:
    """1 at the door, a half at the half distance, a third at twice that. It never gets to 0: where nothing is near,
    what fits better still comes before what is a little less far."""
    return half_distance_km / (half_distance_km + distance_km)


def place_factor(
    distance_km: np.ndarray, reach: np.ndarray, serving: np.ndarray, weights: Weights
) -> np.ndarray:
    """Where a point was asked for. ``distance_km`` is NaN for a service without a place; ``serving``: it is known to
    serve the point. A national service counts ``national`` however far its office is, a serving one ``regional``."""
    beyond = np.maximum(distance_km - weights.door_km, 0.0) + WITHIN * np.minimum(
        distance_km, weights.door_km
    )
    factor = np.where(np.isnan(distance_km), UNPLACED, decay(beyond, weights.half_distance_km))
    factor = np.where(reach == 2, np.maximum(factor, weights.national), factor)
    return np.where(serving & (reach < 2), np.maximum(factor, weights.regional), factor)


def placeless_factor(prominence: np.ndarray, reach: np.ndarray, weights: Weights) -> np.ndarray:
    """Where no point was asked for: national services fit everyone; of local ones, those that serve more people."""
    local = weights.placeless_local + (weights.placeless_most - weights.placeless_local) * prominence
    return np.where(reach == 2, 1.0, np.where(reach == 1, np.maximum(local, weights.regional), local))
