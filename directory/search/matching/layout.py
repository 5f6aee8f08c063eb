"""What the compiled part of the search is given: a segment's arrays, a query in numbers, and room to work in."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

# of ``Plan.sort``
BEST, DISTANCE, NAME, VERIFIED = 0, 1, 2, 3
SORTS = {"best": BEST, "distance": DISTANCE, "name": NAME, "verified": VERIFIED}
# what ``evaluate`` says
DONE, HOURS_WANTED, DISTANCES_WANTED = 0, 1, 2
# whether a service is open
OPEN, CLOSED, UNKNOWN = 1, 0, -1
NOT_ASKED = -2  # in the states of schedules: not worked out yet

_NONE = np.empty(0)


class Columns(NamedTuple):
    """A segment: one entry a document, but for postings, extras (one a further spot) and keys; see ``assembly``."""

    posting: np.ndarray  # documents of all terms' postings, uint32
    weight: np.ndarray  # and their weights, float32
    hilbert: np.ndarray
    latitude: np.ndarray
    longitude: np.ndarray
    unit: np.ndarray
    spot: np.ndarray
    schedule: np.ndarray
    extra_count: np.ndarray
    extra_document: np.ndarray
    extra_spot: np.ndarray
    extra_latitude: np.ndarray
    extra_longitude: np.ndarray
    extra_schedule: np.ndarray
    extra_hilbert: np.ndarray
    extra_along: np.ndarray
    youngest: np.ndarray
    oldest: np.ndarray
    reach: np.ndarray
    verified_on: np.ndarray
    trust: np.ndarray
    prominence: np.ndarray
    name_rank: np.ndarray
    bits: np.ndarray
    key: np.ndarray  # keys of each document, by their place in the dictionary, ascending
    key_end: np.ndarray  # where each document's end; one more than documents, from 0
    # of each 64 documents: the middle of their spots as a point on a unit sphere and how far from it they lie at most
    # (-1: none has a spot; inf: some have none), their greatest trust and prominence, and bits of those who reach a
    # region or the country
    block_unit: np.ndarray
    block_km: np.ndarray
    block_trust: np.ndarray
    block_prominence: np.ndarray
    block_regional: np.ndarray
    block_national: np.ndarray
    # as a generation sees the segment
    norm: np.ndarray = _NONE  # BM25's length norm of each document
    dead: np.ndarray = _NONE  # by document, not 0 where it is; empty if none is


class Lists(NamedTuple):
    """Postings that a query asks for, as (start, count) in ``Columns.posting``: first those of wanted keys, then those
    of the terms' alternatives, then those of the boosts'."""

    range: np.ndarray  # int64 (n, 2)
    row: np.ndarray  # int64: of wanted keys, in ``Columns.bits``, or -1
    weight: np.ndarray  # float64 (n): of the wanted key or of the alternative
    term_end: np.ndarray  # int64: for each term, then each boost, the end of its alternatives
    tells: np.ndarray  # float64: what each of them tells
    wanted: int
    terms: int  # so many of ``term_end`` are terms


class Keys(NamedTuple):
    """Keys that a query asks about: groups of filters, groups of preferred ones, then those that serve the point."""

    range: np.ndarray  # int64 (n, 3): start, count, row in ``Columns.bits`` or -1
    factor: np.ndarray  # float64 (n): of preferred ones, ascending in their group
    group_end: np.ndarray  # int64: end of each group
    filters: int  # so many groups are filters


class Counted(NamedTuple):
    """The keys to count, and room for their counts."""

    facet: np.ndarray  # (m, 2): first key and end of each prefix
    dense: np.ndarray  # (n, 2): those that have a bit set: row, place among those counted
    sparse: np.ndarray  # (n, 3): the others: start and count of postings, place among those counted
    counts: np.ndarray  # 0 throughout


class Costs(NamedTuple):
    """What is dearer than what: by this the way to the answer is chosen, never the answer."""

    look_up: int = 16  # one document is looked up in postings in the time of so many postings in a row
    local: int = 2  # a part near a point is looked at alone unless one document in so many is in it
    selective: int = 8  # that many times fewer must pass a filter for it to narrow the search
    many: int = (
        24  # where more than one document in so many is found, common keys are counted by their bit sets
    )
    crowd: int = 1000  # where more may be found, it is asked first who of them may come to the page


class Asked(NamedTuple):
    """The numbers of a query: so many whole ones (WHOLE), then so many real ones (REAL)."""

    any_of: bool  # a wanted key or enough of the terms must be there
    point: bool
    everywhere: bool  # the whole segment is looked at, not just what is near and those that serve
    open: bool
    age: int  # -1: not asked
    sort: int
    page: int  # so many of the first are wanted
    look_up: int  # see Costs
    local: int
    selective: int
    many: int
    crowd: int
    minimum: float  # what the terms that are there must tell at least; 0: any of them will do
    told: float  # what terms and boosts could tell in all
    need: float  # see Weights, down to ``placeless_local``
    text: float
    door_km: float
    half_distance_km: float
    national: float
    regional: float
    placeless_most: float
    placeless_local: float
    latitude: float
    longitude: float
    radius_km: float  # inf: none


WHOLE, REAL = 12, 13
# Behind those, so many tell how long the arrays of ``Lists`` and ``Keys`` are: wanted, terms, filters, ranges, terms
# and boosts, keys, groups; then these follow.
SIZES = 7


class Times(NamedTuple):
    """What is worked out outside of what is compiled, and empty until it is wanted."""

    states: np.ndarray  # int8, by schedule: whether it is open, or NOT_ASKED
    known: np.ndarray  # float64: exact distances of all first spots
    extras_known: np.ndarray  # and of all further ones


class Room(NamedTuple):
    """Scratch arrays, by document (``slot``, ``marked``) or by candidate. Between queries ``slot`` is -1 throughout,
    ``marked`` and ``best`` and ``most`` are 0."""

    slot: np.ndarray
    marked: np.ndarray
    document: np.ndarray
    text: np.ndarray
    share: np.ndarray
    missing: np.ndarray
    factor: np.ndarray
    best: np.ndarray
    most: np.ndarray
    stage: np.ndarray
    touched: np.ndarray
    visited: np.ndarray
    at: np.ndarray
    least: np.ndarray
    farthest: np.ndarray
    state: np.ndarray
    spot: np.ndarray
    rank: np.ndarray
    worst: np.ndarray


def room_for(documents: int) -> Room:
    def zeros(dtype: type) -> np.ndarray:
        return np.zeros(documents, dtype=dtype)

    return Room(
        slot=np.full(documents, -1, dtype=np.int32),
        marked=zeros(np.uint8),
        document=zeros(np.int32),
        text=zeros(np.float32),
        share=zeros(np.float32),
        missing=zeros(np.float32),
        factor=zeros(np.float32),
        best=zeros(np.float32),
        most=zeros(np.float32),
        stage=zeros(np.int32),
        touched=zeros(np.int32),
        visited=zeros(np.int32),
        at=zeros(np.int64),
        least=zeros(np.float64),
        farthest=zeros(np.float64),
        state=zeros(np.int8),
        spot=zeros(np.int16),
        rank=zeros(np.float64),
        worst=zeros(np.float64),
    )


class Found(NamedTuple):
    """What is told of each of the first: a row of int64 each, in this order."""

    document: int
    order: int
    score: int  # in millionths
    distance: int  # in 0.1 m; -1 without a point or a place
    spot: int  # -1: none
    state: int
