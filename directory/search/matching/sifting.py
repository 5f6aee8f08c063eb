"""Who of those who may be candidates is one, and what the keys they have make of them."""

from __future__ import annotations

import numpy as np

from directory.search.matching.compiled import inner
from directory.search.matching.gathering import meet_again
from directory.search.matching.layout import Asked, Columns, Keys, Room
from directory.search.matching.narrowing import Part, has_bit, signed


@inner
def sift(
    columns: Columns,
    room: Room,
    part: Part,
    keys: Keys,
    asked: Asked,
    candidates: int,
) -> int:
    """Only those who are alive, have enough of what is sought and pass every filter: how many they are."""
    slot_of, document_of, text, share, missing = room.slot, room.document, room.text, room.share, room.missing
    bits, dead, youngest, oldest = columns.bits, columns.dead, columns.youngest, columns.oldest
    ranges, group_end = keys.range, keys.group_end
    any_of, minimum, age = asked.any_of, asked.minimum, asked.age
    kept, sparse = signed(0), False
    for slot in range(candidates):
        document = document_of[slot]
        stays = True
        if any_of:
            enough = share[slot] >= minimum if minimum > 0.0 else text[slot] > 0.0
            stays = enough or missing[slot] < 1.0
        if stays and len(dead):
            stays = dead[document] == 0
        if stays and age >= 0:
            stays = youngest[document] <= age and oldest[document] >= age
        begin = 0
        for group in range(keys.filters):
            if not stays:
                break
            end = group_end[group]
            stays = False
            for i in range(begin, end):
                row = ranges[i, 2]
                if row < 0:
                    stays = sparse = True  # to be looked at below
                    break
                if has_bit(bits, row, document):
                    stays = True
                    break
            begin = end
        if stays:
            _keep(slot_of, document_of, text, missing, kept, slot)
            kept += 1
        else:
            slot_of[document] = -1
    return _sift_sparse(columns, room, part, keys, kept) if sparse else kept


@inner
def _sift_sparse(columns: Columns, room: Room, part: Part, keys: Keys, candidates: int) -> int:
    slot_of, document_of, text, missing = room.slot, room.document, room.text, room.missing
    stage, visits, bits = room.stage, room.visited, columns.bits
    for slot in range(candidates):
        stage[slot] = 0
    begin = 0
    for group in range(keys.filters):
        end = keys.group_end[group]
        for i in range(begin, end):
            start, count, row = keys.range[i]
            if row >= 0:
                for slot in range(candidates):
                    if stage[slot] == group and has_bit(bits, row, document_of[slot]):
                        stage[slot] = group + 1
                continue
            for j in range(meet_again(columns, room, part, candidates, start, count, row)):
                slot = visits[j]
                if stage[slot] == group:
                    stage[slot] = group + 1
        begin = end
    kept = signed(0)
    for slot in range(candidates):
        if stage[slot] == keys.filters:
            _keep(slot_of, document_of, text, missing, kept, slot)
            kept += 1
        else:
            slot_of[document_of[slot]] = -1
    return kept


@inner
def _keep(
    slot_of: np.ndarray,
    document_of: np.ndarray,
    text: np.ndarray,
    missing: np.ndarray,
    kept: int,
    slot: int,
) -> None:
    if kept != slot:
        document = document_of[slot]
        document_of[kept] = document
        text[kept] = text[slot]
        missing[kept] = missing[slot]
        slot_of[document] = kept


@inner
def weigh_keys(columns: Columns, room: Room, part: Part, keys: Keys, candidates: int) -> None:
    """``room.factor``: the best factor of each preferred group, multiplied. ``room.stage``: 1 for those that serve the
    point that is asked for, else 0."""
    document_of, factor, best, stage, visits = (
        room.document,
        room.factor,
        room.best,
        room.stage,
        room.visited,
    )
    bits = columns.bits
    for slot in range(candidates):
        factor[slot] = 1.0
    begin = keys.group_end[keys.filters - 1] if keys.filters else 0
    for group in range(keys.filters, len(keys.group_end)):
        end = keys.group_end[group]
        if end - begin == 1:  # nearly always
            _multiply(columns, room, part, keys, candidates, begin)
            begin = end
            continue
        for slot in range(candidates):
            best[slot] = 1.0
        for i in range(begin, end):  # ascending: the best comes last
            start, count, row = keys.range[i]
            if row >= 0:
                for slot in range(candidates):
                    if has_bit(bits, row, document_of[slot]):
                        best[slot] = keys.factor[i]
            else:
                for j in range(meet_again(columns, room, part, candidates, start, count, row)):
                    best[visits[j]] = keys.factor[i]
        for slot in range(candidates):
            factor[slot] *= best[slot]
            best[slot] = 0.0
        begin = end
    for slot in range(candidates):
        stage[slot] = 0
    for i in range(begin, len(keys.range)):
        start, count, row = keys.range[i]
        if row >= 0:
            for slot in range(candidates):
                if has_bit(bits, row, document_of[slot]):
                    stage[slot] = 1
        else:
            for j in range(meet_again(columns, room, part, candidates, start, count, row)):
                stage[visits[j]] = 1


@inner
def _multiply(columns: Columns, room: Room, part: Part, keys: Keys, candidates: int, key: int) -> None:
    """``room.factor`` of those that have the key, by its factor."""
    document_of, factors, visits, bits = room.document, room.factor, room.visited, columns.bits
    start, count, row = keys.range[key]
    factor = np.float32(keys.factor[key])  # as the others are multiplied
    if row >= 0:
        for slot in range(candidates):
            if has_bit(bits, row, document_of[slot]):
                factors[slot] *= factor
    else:
        for j in range(meet_again(columns, room, part, candidates, start, count, row)):
            factors[visits[j]] *= factor
