"""Taking back one thing that a search understood: its words leave the line, or its field is emptied."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from werkzeug.datastructures import MultiDict

from directory.api.rooms import rooms
from directory.spelling import fold
from directory.web.wording import page_language

WITHOUT = "without"  # the name of the button that undoes; its value is what, and which: "need:naloxone"
STILL = "still"  # a need that was sought before this line was typed
LONGEST = 4  # words that are taken out together
MOST_WORDS = 64  # that the search reads


class _Told(NamedTuple):
    """What a line tells, as far as one can undo it."""

    needs: frozenset[str]
    # needs that no word of it tells, but the whole line: nothing to keep when words leave
    likely: frozenset[str]
    place: tuple[float, float] | None
    languages: frozenset[str]

    def without(self, what: str, which: str) -> _Told:
        if what == "need":
            return self._replace(needs=self.needs - {which}, likely=self.likely - {which})
        if what == "language":
            return self._replace(languages=self.languages - {which})
        return self._replace(place=None)

    def has(self, what: str, which: str) -> bool:
        return which in {"need": self.needs | self.likely, "language": self.languages}.get(what, ()) or (
            what == "place" and self.place is not None
        )

    def lost(self, told: _Told) -> int:
        """How much of this ``told`` does not have, or has otherwise."""
        return (
            len(self.needs ^ told.needs) + len(self.languages ^ told.languages) + (self.place != told.place)
        )


_NOTHING = _Told(frozenset(), frozenset(), None, frozenset())


def undone(typed: MultiDict[str, str]) -> MultiDict[str, str]:
    """What was typed, without what the button WITHOUT names; the same where no such button was pressed. A place may
    be named that comes instead ("place:Våler i Østfold"). Needs that were sought before (STILL) are sought still,
    unless the line tells another: "Bergen" after a press on "Naloxone" is about naloxone, "HIV" is not."""
    typed = MultiDict(typed)
    if (still := typed.poplist(STILL)) and not _told(typed.get("q", "")).needs:
        typed.setlist("need", list(dict.fromkeys((*still, *typed.getlist("need")))))
    what, _, which = (typed.pop(WITHOUT, None) or "").partition(":")
    if not what:
        return typed
    typed.pop("page", None)
    if what == "place":
        typed.poplist("near_me")
        typed["near"] = which
    elif what in ("need", "language"):
        typed.setlist(what, [value for value in typed.poplist(what) if value and value != which])
    else:
        typed.poplist(what)
        return typed
    if line := typed.get("q"):
        typed["q"], lost = _line_without(line, what, which)
        # one word may tell several needs: the others are asked for by name from now on
        typed.setlist("need", list(dict.fromkeys((*typed.getlist("need"), *lost))))
    return typed


def _line_without(line: str, what: str, which: str) -> tuple[str, list[str]]:
    """The line without the fewest words after which it no longer tells this, and everything else as before; the
    preposition that stood before a place or a language goes with it. And the needs that it has lost beside."""
    before = _told(line)
    if not before.has(what, which):
        return line, []
    wanted, words = before.without(what, which), line.split()
    prepositions = rooms().searcher.understand.lexicon.prepositions if what != "need" else frozenset()
    least, best, left = len(words) + len(before.needs) + 2, "", _NOTHING
    for length in range(1, min(LONGEST, len(words)) + 1):
        for start in range(min(len(words), MOST_WORDS) - length + 1):
            rest = _rest(words, start, start + length, prepositions)
            told = _told(rest) if rest else _NOTHING
            if not told.has(what, which) and (lost := wanted.lost(told)) < least:
                least, best, left = lost, rest, told
        if least == 0:
            break
    return best, sorted(wanted.needs - left.needs)


def _rest(words: list[str], start: int, end: int, prepositions: Collection[str]) -> str:
    while start > 0 and fold(words[start - 1]) in prepositions:
        start -= 1
    return " ".join((*words[:start], *words[end:])).strip(" ,;")


def _told(line: str) -> _Told:
    understood = rooms().searcher.understand(line, language=page_language())
    place = understood.place
    return _Told(
        frozenset(need.slug for need in understood.needs if need.sure),
        frozenset(need.slug for need in understood.needs if need.said and not need.sure),
        (place.lat, place.lon) if place else None,
        frozenset(understood.languages),
    )
