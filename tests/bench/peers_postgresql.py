"""PostgreSQL with PostGIS in the comparison of speed, a server of our own behind a socket: words, needs and languages
by one GIN index, circles by GiST over geography, totals, counts and the first ones by one prepared statement."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

import psycopg

from directory.search.analysis import FIELD_WEIGHTS
from directory.search.matching import ranking
from directory.search.query import Weights
from tests.bench.asked import FIRST, RADIUS_KM, Answer, Facts, Question
from tests.bench.generator import Service
from tests.databases import Cluster, programs

OPTIONS = (
    "shared_buffers=2GB", "effective_cache_size=8GB", "work_mem=256MB", "maintenance_work_mem=1GB",
    "random_page_cost=1.1", "effective_io_concurrency=200", "jit=off", "max_wal_size=8GB", "wal_level=minimal",
    "max_wal_senders=0", "autovacuum=off", "dynamic_shared_memory_type=posix",
    # how many stand near a place differs too much for one plan
    "plan_cache_mode=force_custom_plan",
)  # fmt: skip
LABELS = dict(zip(FIELD_WEIGHTS, "ABCD", strict=True))
MOST = max(FIELD_WEIGHTS.values())
# ts_rank wants the weights of D, C, B and A
RANKS = "{" + ", ".join(str(weight / MOST) for weight in reversed(FIELD_WEIGHTS.values())) + "}"
TABLES = """
    CREATE EXTENSION postgis;
    CREATE TABLE service (
        number integer PRIMARY KEY, reach smallint NOT NULL, needs smallint[] NOT NULL, terms tsvector NOT NULL,
        point geography(Point, 4326)
    );
    CREATE TABLE piece (number integer PRIMARY KEY, data bytea NOT NULL);
"""
INDEXES = (
    "CREATE INDEX ON service USING gin (terms) WITH (fastupdate = off)",
    "CREATE INDEX ON service USING gist (point)",
    "VACUUM ANALYZE service",
    "VACUUM ANALYZE piece",
)
W = Weights()
FACTOR = f"""
    CASE WHEN km IS NULL THEN {ranking.UNPLACED} ELSE {W.half_distance_km} / ({W.half_distance_km}
        + greatest(km - {W.door_km}, 0) + {ranking.WITHIN} * least(km, {W.door_km})) END
"""
PLACED = f"""
    CASE WHEN reach = 2 THEN greatest({FACTOR}, {W.national})
        WHEN serving THEN greatest({FACTOR}, {W.regional}) ELSE {FACTOR} END
"""


def statement(*, words: bool, point: bool, serving: bool) -> str:
    score = f"ts_rank('{RANKS}', terms, %(words)s::tsquery)" if words else "1.0"
    near = f"ST_DWithin(point, %(point)s::geography, {RADIUS_KM * 1000})"
    serves = "terms @@ %(serving)s::tsquery" if serving else "false"
    where = "terms @@ %(sought)s::tsquery"
    if point:
        where += f" AND ({near} OR {serves})" if serving else f" AND {near}"
    km = "ST_Distance(point, %(point)s::geography) / 1000" if point else "NULL"
    return f"""
        WITH found AS MATERIALIZED (
            SELECT number, reach, needs, {score} AS score, {km} AS km, {serves} AS serving
            FROM service WHERE {where}
        ), best AS (
            SELECT number FROM found ORDER BY score{f" * {PLACED}" if point else ""} DESC, number LIMIT {FIRST}
        ), counted AS (
            SELECT need, count(*) AS number FROM found, unnest(needs) AS need GROUP BY need
        )
        SELECT (SELECT count(*) FROM found), (SELECT array_agg(number) FROM best),
            (SELECT array_agg(need) FROM counted), (SELECT array_agg(number) FROM counted)
    """


class PostgreSQL:
    name = "PostgreSQL + PostGIS"
    patience: int | None = None

    def __init__(self, folder: Path, facts: Facts) -> None:
        self._facts = facts
        self._cluster: Cluster | None = None
        self._need_names: list[str] = []

    @classmethod
    def left_out(cls, size: int) -> str | None:
        if programs() is None:
            return "PostgreSQL with PostGIS is not installed (`make test` does)"
        return None

    def build(self, services: Iterable[Service]) -> None:
        found = programs()
        assert found is not None
        # its own user must get there, and the path of its socket be short: the bench's folder is neither sure
        self._cluster = Cluster(Path(tempfile.mkdtemp(prefix="vv-pg-")), found)
        self._cluster.start(*OPTIONS)
        address = self._cluster.address(self._cluster.create())
        self._connection = psycopg.connect(address, autocommit=True)
        self._connection.execute(TABLES)
        codes: dict[str, int] = {}
        with (
            psycopg.connect(address) as beside,
            self._connection.transaction(),
            self._connection.cursor().copy("COPY service FROM STDIN") as rows,
            beside.cursor().copy("COPY piece FROM STDIN") as pieces,
        ):
            for service in services:
                needs = [codes.setdefault(slug, len(codes)) for slug in service.needs]
                point = None if service.lat is None else f"POINT({service.lon} {service.lat})"
                array = f"{{{','.join(map(str, needs))}}}"
                rows.write_row((service.number, service.reach, array, _terms(service), point))
                pieces.write_row((service.number, b"".join(service.pieces().values())))
        self._need_names = list(codes)
        for sql in INDEXES:
            self._connection.execute(sql)

    def search(self, question: Question) -> Answer:
        words = " | ".join(map(_quoted, question.words))
        keys = [f"need:{question.need}"] if question.need else []
        keys += [f"language:{question.language}"] if question.language else []
        sought = [f"({words})"] if words else []
        values = {
            "words": words,
            "sought": " & ".join(sought + [_quoted(key) for key in keys]),
            "point": question.point and f"POINT({question.point[1]} {question.point[0]})",
            "serving": " | ".join(map(_quoted, question.serving)),
        }
        sql = _STATEMENTS[bool(words), question.point is not None, bool(question.serving)]
        row = self._connection.execute(sql, values, prepare=True).fetchone()
        assert row is not None
        total, first, needs, having = row
        names = self._need_names
        return Answer(
            total, {names[n]: h for n, h in zip(needs or (), having or (), strict=True)}, first or []
        )

    def numbers(self, answer: Answer) -> list[int]:
        return list(answer.first)  # type: ignore[arg-type]

    def disk(self) -> int:
        row = self._connection.execute(
            "SELECT pg_total_relation_size('service') + pg_total_relation_size('piece')"
        ).fetchone()
        assert row is not None
        return int(row[0])

    def close(self) -> None:
        if self._cluster is not None:
            try:
                if hasattr(self, "_connection"):
                    self._connection.close()
                self._cluster.stop()
            finally:
                shutil.rmtree(self._cluster.folder, ignore_errors=True)
                self._cluster = None


_STATEMENTS = {
    (words, point, serving): statement(words=words, point=point, serving=serving)
    for words in (True, False)
    for point in (True, False)
    for serving in (True, False)
}


def _quoted(word: str) -> str:
    return "'{}'".format(word.replace("'", "''"))


def _terms(service: Service) -> str:
    """Words with the labels of the fields they stand in, and keys, which no rank counts."""
    where: dict[str, list[str]] = {}
    at = 0
    for label, text in (
        (LABELS["name"], service.name),
        (LABELS["need"], service.need_text),
        (LABELS["organization"], service.organization),
        (LABELS["description"], service.description),
    ):
        for word in text.split():
            at += 1
            where.setdefault(word, []).append(f"{at}{label}")
    keys = [f"need:{slug}" for slug in service.needs] + [f"language:{code}" for code in service.languages]
    lexemes = [f"{_quoted(word)}:{','.join(places)}" for word, places in where.items()]
    return " ".join(lexemes + [_quoted(key) for key in (*keys, *service.areas)])
