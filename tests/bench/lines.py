"""What lines ask for that nobody wrote a rule or an example for: how often the main need found is the one meant."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import mean
from typing import Any, NamedTuple

from directory.search.understand import Lexicon, Understanding
from directory.search.wordbook import wordbook
from tests.bench.report import Table

FIRST = 3
# Two sets, each written by somebody who had seen neither rules nor examples nor the other set. Weights were chosen with
# the first in sight; of the second only these means are ever told.
IN_SIGHT, HELD_OUT = (Path(__file__).with_name(f"lines_{part}.tsv") for part in ("tune", "report"))
NAMES = {IN_SIGHT: "lines, in sight", HELD_OUT: "lines, held out"}


class Line(NamedTuple):
    language: str
    needs: frozenset[str]  # any of them is a right main need
    text: str


class Heard(NamedTuple):
    first: bool  # the main need that was found is a right one
    among_first: bool
    anything: bool


def load(path: Path) -> list[Line]:
    rows = (line.split("\t") for line in path.read_text("utf-8").splitlines())
    return [Line(language, frozenset(needs.split(",")), text) for language, needs, text in rows]


def heard(understand: Understanding, line: Line) -> Heard:
    """The language is not told, as in most searches."""
    found = [need.slug for need in understand(line.text).needs]
    return Heard(
        bool(found) and found[0] in line.needs, not line.needs.isdisjoint(found[:FIRST]), bool(found)
    )


def compare() -> dict[str, Any]:
    """Ours, and ours by rules alone: by file, and in it by language, how many lines, and the shares of ``Heard``."""
    words = wordbook()
    lexicons = {"ours": words.lexicon, "ours, rules alone": Lexicon(words.needs)}
    return {
        name: measure(Understanding(words.needs, words.places, lexicon=lexicon))
        for name, lexicon in lexicons.items()
    }


def measure(understand: Understanding) -> dict[str, Any]:
    return {NAMES[path]: _shares(load(path), understand) for path in (IN_SIGHT, HELD_OUT)}


def _shares(lines: Sequence[Line], understand: Understanding) -> dict[str, dict[str, float]]:
    groups: dict[str, list[Heard]] = defaultdict(list)
    for line in lines:
        one = heard(understand, line)
        groups["all"].append(one)
        groups[line.language].append(one)
    return {name: _means(found) for name, found in groups.items()}


def _means(found: Sequence[Heard]) -> dict[str, float]:
    shares = {name: round(mean(getattr(one, name) for one in found), 3) for name in Heard._fields}
    return {"lines": len(found), **shares}


def tables(found: Mapping[str, Mapping[str, Any]]) -> Iterator[Table]:
    """``found``: see ``compare``."""
    for file in NAMES.values():
        table = Table(
            f"What lines ask for, {file}", ("by", "language", "lines", "main need", "among 3", "any need")
        )
        for name, measured in found.items():
            for language, row in measured[file].items():
                if language == "all" or name == next(iter(found)):
                    table.add(
                        name, language, int(row["lines"]), row["first"], row["among_first"], row["anything"]
                    )
        yield table
