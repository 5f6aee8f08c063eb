"""Where a crowd of documents are candidates: all are counted, as bits, and those scored who may come to the page.

No document of a block (64 of them, neighbours on the curve) can have a better score than the best need, trust, factors
and place that any of the block could have. Those who could have the best are scored first; the last one of the page
that they fill then tells who else may still come to it.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from directory.search.matching import ranking
from directory.search.matching.compiled import compiled, inner
from directory.search.matching.counting import ones
from directory.search.matching.gathering import add_term
from directory.search.matching.layout import (
    BEST,
    CLOSED,
    DONE,
    HOURS_WANTED,
    OPEN,
    Asked,
    Columns,
    Keys,
    Lists,
    Room,
)
from directory.search.matching.narrowing import Part, listed_part, lower_bound, set_bit, signed, whole_segment
from directory.search.matching.ordering import factor_of, greatest_factor
from directory.search.matching.placing import ask_hours, state_of
from directory.search.matching.sphere import rough_km, unit_vector

_LEVELS = 256  # so finely it is told what a document could have
_LOCAL, _REGIONAL, _NATIONAL = range(3)  # as ``Columns.reach``
# Who has a key that is wanted most, several of the others, one or none; each without and with one of the rarer words.
_MERITS, _WITH_WORDS, _SEVERAL, _MOST = 6, 1, 2, 4
_RARE = 8  # a word is one of the rarer ones if at most one document in so many has it
SEEDS, MORE_EACH_TIME = (
    4,
    5,
)  # so many for each place on the page are scored first, and then so many times more
_SLACK = 1e-5  # more than scores are rounded by
NOT_TAKEN = -1


class Crowd(NamedTuple):
    found: np.ndarray  # uint64, a bit for each document: whether it is found
    bits: np.ndarray  # uint64 (_PLANES, blocks), a bit for each document
    place: np.ndarray  # float32 (blocks, 3): the most that trust and place could make, by ``Columns.reach``
    merit: np.ndarray  # float64 (_MERITS): and all else
    top: np.ndarray  # uint8 (blocks): the highest level of any
    number: np.ndarray  # int64 (_LEVELS): how many could have that
    scale: np.ndarray  # float64 (1): of levels beside scores


# Of ``Crowd.bits``: who may come to the page, counts as of the region, has a key that is wanted most, has one of the
# others, has several of them, has one of the rarer words.
_PLANES, _MAY, _REGION, _HAS_MOST, _HAS_ONE, _HAS_TWO, _HAS_WORDS = 6, 0, 1, 2, 3, 4, 5


@compiled
def crowd_of(
    columns: Columns, room: Room, lists: Lists, keys: Keys, asked: Asked, states: np.ndarray
) -> tuple[int, int, Crowd]:
    """(DONE, how many are found, what they could have). Or HOURS_WANTED, how many schedules stand in ``room.visited``;
    or NOT_TAKEN where the answer is better sought another way, above all if it is no crowd.

    The room is left as it was found, but for ``visited``."""
    crowded = _is_crowd(columns, lists, keys, asked)
    blocks = columns.bits.shape[1] if crowded else 0
    found, bits = np.zeros(blocks, dtype=np.uint64), np.zeros((_PLANES, blocks), dtype=np.uint64)
    crowd = Crowd(
        found,
        bits,
        np.empty((blocks, 3), dtype=np.float32),
        np.empty(_MERITS),
        np.zeros(blocks, dtype=np.uint8),
        np.zeros(_LEVELS, dtype=np.int64),
        np.zeros(1),
    )
    if not crowded:
        return NOT_TAKEN, 0, crowd
    may = bits[_MAY]
    _seek(columns, room, whole_segment(asked.look_up), lists, asked, crowd)
    _filter(columns, keys, found, may)
    if len(columns.dead) or asked.age >= 0:
        _drop(columns, asked, found)
    may[:] = found
    if asked.open:
        wanted = _ask_hours(columns, room, found, states)
        if wanted:
            return HOURS_WANTED, wanted, crowd
        may[:] = np.uint64(0)
        if _close(columns, found, states, may) < asked.page:
            return NOT_TAKEN, 0, crowd  # whose hours are unknown comes after all who are open
    _serve(columns, keys, asked, bits[_REGION])
    _foretell(columns, lists, keys, asked, crowd)
    size = signed(0)
    for block in range(blocks):
        size += signed(ones(found[block]))
    return DONE, size, crowd


@inner
def _is_crowd(columns: Columns, lists: Lists, keys: Keys, asked: Asked) -> bool:
    """Whether so many may be found that it is worth while to ask first who of them may come to the page."""
    if not asked.everywhere or asked.sort != BEST:
        return False
    most = len(columns.spot)
    if asked.any_of:
        most = 0
        for i in range(lists.wanted):
            most += lists.range[i, 1]
        # words have no bits: all of theirs are gone through either way, and that is most of the work
        for i in range(lists.wanted, lists.term_end[lists.terms - 1] if lists.terms else lists.wanted):
            most -= lists.range[i, 1]
    begin = 0
    for group in range(keys.filters):
        having = 0
        for i in range(begin, keys.group_end[group]):
            having += keys.range[i, 1]
        most = min(most, having)
        begin = keys.group_end[group]
    return most > asked.crowd


@compiled
def prospects(columns: Columns, crowd: Crowd, asked: Asked, least: int) -> Part:
    """Those who could have at least that level, as a part of the segment."""
    listed = np.empty(crowd.number[least:].sum(), dtype=np.int32)
    at = 0
    for block in range(len(crowd.found)):
        if crowd.top[block] < least:
            continue
        those = np.uint64(0)
        for reach in range(3):
            some = _of_reach(columns, crowd, block, reach)
            if some == np.uint64(0):
                continue
            for merit in range(_MERITS):
                if _level(crowd, block, reach, merit) >= least:
                    those |= some & _of_merit(crowd, block, merit)
        while those:
            listed[at] = _first(block, those)
            those &= those - np.uint64(1)
            at += 1
    return listed_part(listed, asked.look_up)


@inner
def level_of_so_many(crowd: Crowd, many: int) -> int:
    """The level that so many could have, or more."""
    level, number = _LEVELS - 1, crowd.number[_LEVELS - 1]
    while level and number < many:
        level -= 1
        number += crowd.number[level]
    return level


@inner
def level_of(score: float, crowd: Crowd) -> int:
    return signed(min(score * crowd.scale[0], _LEVELS - 1.0))


@inner
def _level(crowd: Crowd, block: int, reach: int, merit: int) -> int:
    return level_of(crowd.merit[merit] * crowd.place[block, reach] + _SLACK, crowd)


@inner
def _of_reach(columns: Columns, crowd: Crowd, block: int, reach: int) -> np.uint64:
    """Those of a block who may come to the page and are local, of the region, or national."""
    may, region, national = crowd.bits[_MAY, block], crowd.bits[_REGION, block], columns.block_national[block]
    if reach == _NATIONAL:
        return may & national
    return may & ~national & (region if reach == _REGIONAL else ~region)


@inner
def _of_merit(crowd: Crowd, block: int, merit: int) -> np.uint64:
    bits = crowd.bits
    those = bits[_HAS_WORDS, block] if merit & _WITH_WORDS else ~bits[_HAS_WORDS, block]
    if merit >= _MOST:
        return those & bits[_HAS_MOST, block]
    several = bits[_HAS_TWO, block]
    return those & ~bits[_HAS_MOST, block] & (several if merit >= _SEVERAL else ~several)


@inner
def _first(block: int, bits: np.uint64) -> int:
    """The document of the lowest of the bits, of which there must be one."""
    return signed(block * 64 + signed(ones((bits & (~bits + np.uint64(1))) - np.uint64(1))))


@inner
def _unset(bits: np.ndarray, document: int) -> None:
    bits[document >> 6] &= ~(np.uint64(1) << np.uint64(document & 63))


@inner
def _join(columns: Columns, bits: np.ndarray, start: int, count: int, row: int) -> None:
    """Set the bits of all who have a key."""
    if row >= 0:
        for block in range(len(bits)):
            bits[block] |= columns.bits[row, block]
    else:
        for at in range(start, start + count):
            set_bit(bits, signed(columns.posting[at]))


@inner
def _seek(columns: Columns, room: Room, part: Part, lists: Lists, asked: Asked, crowd: Crowd) -> None:
    """Who has a wanted key or enough of the terms."""
    if not asked.any_of:
        for document in range(len(columns.spot)):
            set_bit(crowd.found, document)
        return
    least = _wanted_most(lists)
    most, one, two = crowd.bits[_HAS_MOST], crowd.bits[_HAS_ONE], crowd.bits[_HAS_TWO]
    for i in range(lists.wanted):
        (start, count), row = lists.range[i], lists.row[i]
        if lists.weight[i] >= least:
            _join(columns, most, start, count, row)
        elif row >= 0:
            for block in range(len(one)):
                having = columns.bits[row, block]
                two[block] |= one[block] & having
                one[block] |= having
        else:
            for at in range(start, start + count):
                document = signed(columns.posting[at])
                block, having = document >> 6, np.uint64(1) << np.uint64(document & 63)
                two[block] |= one[block] & having
                one[block] |= having
    for block in range(len(one)):
        crowd.found[block] = most[block] | one[block]
    candidates = signed(0)
    for term in range(lists.terms):
        candidates = add_term(columns, room, part, lists, term, candidates, asked.any_of)
    for slot in range(candidates):
        document = room.document[slot]
        if room.share[slot] >= asked.minimum if asked.minimum > 0.0 else room.text[slot] > 0.0:
            set_bit(crowd.found, document)
        room.slot[document] = -1


@inner
def _wanted_most(lists: Lists) -> float:
    """The least weight of those that are wanted most."""
    greatest = 0.0
    for i in range(lists.wanted):
        greatest = max(greatest, lists.weight[i])
    return greatest / 2


@inner
def _filter(columns: Columns, keys: Keys, found: np.ndarray, spare: np.ndarray) -> None:
    begin = 0
    for group in range(keys.filters):
        spare[:] = np.uint64(0)
        for i in range(begin, keys.group_end[group]):
            start, count, row = keys.range[i]
            _join(columns, spare, start, count, row)
        for block in range(len(found)):
            found[block] &= spare[block]
        begin = keys.group_end[group]


@inner
def _drop(columns: Columns, asked: Asked, found: np.ndarray) -> None:
    """Those who are dead or not for the age."""
    for block in range(len(found)):
        bits = found[block]
        while bits:
            document = _first(block, bits)
            bits &= bits - np.uint64(1)
            stays = asked.age < 0 or columns.youngest[document] <= asked.age <= columns.oldest[document]
            if not stays or (len(columns.dead) and columns.dead[document]):
                _unset(found, document)


@inner
def _ask_hours(columns: Columns, room: Room, found: np.ndarray, states: np.ndarray) -> int:
    """How many schedules of those found have not been worked out; ``room.visited`` has them (with repetitions)."""
    wanted = signed(0)
    for block in range(len(found)):
        bits = found[block]
        while bits:
            wanted = ask_hours(columns, room, _first(block, bits), states, wanted)
            bits &= bits - np.uint64(1)
    return wanted


@inner
def _close(columns: Columns, found: np.ndarray, states: np.ndarray, is_open: np.ndarray) -> int:
    """Only those who are not closed; ``is_open``: those who are open, of whom there are so many."""
    number = 0
    for block in range(len(found)):
        bits = found[block]
        while bits:
            document = _first(block, bits)
            bits &= bits - np.uint64(1)
            state = state_of(states, columns.schedule[document])
            if columns.extra_count[document] and state != OPEN:
                row = lower_bound(columns.extra_document, 0, len(columns.extra_document), document)
                for i in range(row, row + columns.extra_count[document]):
                    other = state_of(states, columns.extra_schedule[i])
                    if state == CLOSED or other == OPEN:
                        state = other
            if state == CLOSED:
                _unset(found, document)
            elif state == OPEN:
                set_bit(is_open, document)
                number += 1
    return number


@inner
def _serve(columns: Columns, keys: Keys, asked: Asked, second: np.ndarray) -> None:
    """``second``: who counts as of the region. Without a point that is who is; else who serves the point."""
    if not asked.point:
        for block in range(len(second)):
            second[block] = columns.block_regional[block]
        return
    for i in range(keys.group_end[len(keys.group_end) - 1] if len(keys.group_end) else 0, len(keys.range)):
        start, count, row = keys.range[i]
        _join(columns, second, start, count, row)


@inner
def _foretell(columns: Columns, lists: Lists, keys: Keys, asked: Asked, crowd: Crowd) -> None:
    """The rest of ``crowd``, from its bits."""
    merits = crowd.merit
    _tell_merits(columns, lists, asked, crowd)
    begin = keys.group_end[keys.filters - 1] if keys.filters else 0
    for group in range(keys.filters, len(keys.group_end)):
        factor = 1.0
        for i in range(begin, keys.group_end[group]):
            factor = max(factor, keys.factor[i] if keys.range[i, 1] else 1.0)
        for merit in range(_MERITS):
            merits[merit] *= factor
        begin = keys.group_end[group]
    trust = np.float32(0.0)
    for block in range(len(crowd.found)):
        trust = max(trust, columns.block_trust[block])
    crowd.scale[0] = (_LEVELS - 1) / (merits[_MERITS - 1] * trust * greatest_factor(asked) + _SLACK)
    here = unit_vector(asked.latitude, asked.longitude)
    units, trusts, prominences = columns.block_unit, columns.block_trust, columns.block_prominence
    for block in range(len(crowd.found)):
        if crowd.bits[_MAY, block] == np.uint64(0):
            continue
        prominence = float(prominences[block]) if asked.placeless_most > asked.placeless_local else 0.0
        near = math.nan
        if columns.block_km[block] >= 0.0:
            middle = (units[block, 0], units[block, 1], units[block, 2])
            near = max(rough_km(here, middle)[0] - columns.block_km[block], 0.0)
        for reach in range(3):
            some = _of_reach(columns, crowd, block, reach)
            if some == np.uint64(0):
                continue
            place = factor_of(asked, reach, prominence, near, reach == _REGIONAL)
            crowd.place[block, reach] = trusts[block] * place
            for merit in range(_MERITS):
                those = some & _of_merit(crowd, block, merit)
                if those:
                    level = _level(crowd, block, reach, merit)
                    crowd.number[level] += signed(ones(those))
                    crowd.top[block] = max(crowd.top[block], level)


@inner
def _tell_merits(columns: Columns, lists: Lists, asked: Asked, crowd: Crowd) -> None:
    """``Crowd.merit`` but for factors, and who has one of the rarer words."""
    if not asked.any_of:
        crowd.merit[:] = 1.0
        return
    least, best, others, most = _wanted_most(lists), 0.0, 1.0, 1.0
    for i in range(lists.wanted):
        weight = lists.weight[i]
        if weight >= least:
            most = ranking.missing(most, weight, 1.0)
        else:
            others = ranking.missing(others, weight, 1.0)
            best = max(best, weight)
    missing = (ranking.missing(1.0, best, 1.0), others, others * most)
    common = total = 0.0
    first = lists.wanted
    for term in range(len(lists.term_end)):
        having = 0
        for i in range(first, lists.term_end[term]):
            having += lists.range[i, 1]
        total += lists.tells[term]
        if having * _RARE > len(columns.spot):
            common += lists.tells[term]
        else:
            for i in range(first, lists.term_end[term]):
                _join(columns, crowd.bits[_HAS_WORDS], lists.range[i, 0], lists.range[i, 1], signed(-1))
        first = lists.term_end[term]
    for merit in range(_MERITS):
        text = ranking.told(total if merit & _WITH_WORDS else common, asked.told)
        crowd.merit[merit] = ranking.base(1.0 - missing[merit // 2], text, asked.need, asked.text)
