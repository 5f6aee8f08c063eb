"""SQLite in the comparison of speed: words, needs and languages by FTS5, boxes by its R*Tree; distances within the box,
and counts, by numpy, which counts what SQLite finds faster than SQLite's own GROUP BY does."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from itertools import islice

import numpy as np

from directory.places import bounding_box
from directory.search.analysis import FIELD_WEIGHTS
from tests.bench.asked import RADIUS_KM, Answer, Question
from tests.bench.generator import CHUNK, Service
from tests.bench.peer import InFolder

PRAGMAS = (
    "page_size=8192", "journal_mode=OFF", "synchronous=OFF", "locking_mode=EXCLUSIVE", "temp_store=MEMORY",
    "cache_size=-1000000", "mmap_size=17179869184",
)  # fmt: skip
FIELDS = tuple(FIELD_WEIGHTS)
# A key is a word of its own column: its posting list is cut with those of the words. No folded word has a "_".
TABLES = f"""
    CREATE VIRTUAL TABLE found USING fts5({", ".join(FIELDS)}, keys, content='',
        tokenize="unicode61 remove_diacritics 0 tokenchars '_''’`'");
    CREATE VIRTUAL TABLE box USING rtree(number, south, north, west, east);
    CREATE TABLE area (key TEXT, number INTEGER, PRIMARY KEY (key, number)) WITHOUT ROWID;
    CREATE TABLE piece (number INTEGER PRIMARY KEY, data BLOB);
"""
SCORE = f"bm25(found, {', '.join(str(weight) for weight in FIELD_WEIGHTS.values())}, 0)"
WITHIN = "SELECT number FROM box WHERE north >= ? AND south <= ? AND east >= ? AND west <= ?"
SERVING = "UNION ALL SELECT number FROM area WHERE key IN (SELECT value FROM json_each(?))"


class SQLite(InFolder):
    name = "SQLite FTS5 + R*Tree"

    def build(self, services: Iterable[Service]) -> None:
        self.folder.mkdir()
        self._connection = sqlite3.connect(
            self.folder / "peer.db", isolation_level=None, cached_statements=64
        )
        for pragma in PRAGMAS:
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.executescript(TABLES)
        self._connection.execute("BEGIN")
        source = iter(services)
        while several := list(islice(source, CHUNK)):
            self._add(several)
        self._connection.execute("COMMIT")
        self._connection.execute("INSERT INTO found (found) VALUES ('optimize')")
        self._connection.execute("ANALYZE")

    def _add(self, services: list[Service]) -> None:
        run = self._connection.executemany
        run(
            f"INSERT INTO found (rowid, {', '.join(FIELDS)}, keys) VALUES (?, ?, ?, ?, ?, ?)",
            [
                (s.number, s.name, s.need_text, s.organization, s.description, " ".join(_keys(s)))
                for s in services
            ],
        )
        run(
            "INSERT INTO box VALUES (?, ?, ?, ?, ?)",
            [(s.number, s.lat, s.lat, s.lon, s.lon) for s in services if s.lat is not None],
        )
        run("INSERT INTO area VALUES (?, ?)", [(key, s.number) for s in services for key in s.areas])
        run("INSERT INTO piece VALUES (?, ?)", [(s.number, b"".join(s.pieces().values())) for s in services])

    def search(self, question: Question) -> Answer:
        score = SCORE if question.words else "0"
        sql, values = f"SELECT rowid, {score} FROM found WHERE found MATCH ?", [_match(question)]
        if question.point is not None:
            south, west, north, east = bounding_box(*question.point, RADIUS_KM)
            # the plus keeps SQLite from looking up each number of the box in the index of words
            sql += f" AND +rowid IN ({WITHIN}{SERVING if question.serving else ''})"
            values += [south, north, west, east]
            if question.serving:
                values.append(json.dumps(question.serving))
        rows = self._connection.execute(sql, values).fetchall()
        if not rows:
            return Answer(0, {}, [])
        found = np.array(rows)
        numbers, scores = found[:, 0].astype(np.intp), -found[:, 1]
        return self._facts.answer(question, numbers, scores)

    def numbers(self, answer: Answer) -> list[int]:
        return list(answer.first)  # type: ignore[arg-type]

    def close(self) -> None:
        self._connection.close()


def _keys(service: Service) -> list[str]:
    return [_key("need", slug) for slug in service.needs] + [_key("lang", c) for c in service.languages]


def _key(kind: str, value: str) -> str:
    return f"{kind}_{value.replace('-', '_')}"


def _match(question: Question) -> str:
    parts = []
    if question.words:
        words = " OR ".join(f'"{word}"' for word in question.words)
        parts.append(f"{{{' '.join(FIELDS)}}} : ({words})")
    keys = [_key("need", question.need)] if question.need else []
    keys += [_key("lang", question.language)] if question.language else []
    return " AND ".join([*parts, *(f'keys : "{key}"' for key in keys)])
