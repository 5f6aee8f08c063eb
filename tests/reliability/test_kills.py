"""Killed at any moment, nothing that was acknowledged is lost, and what is searched was whole at some time."""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from directory.catalogue import reading
from directory.catalogue.editing import save_organizations
from directory.catalogue.seeding import MUNICIPALITIES, NEEDS, ORGANIZATIONS, SERVICES, is_seeded, seed
from directory.config import SEED_DIR
from directory.database import Database, upgrade
from directory.search import soundness
from directory.search.engine import Engine
from directory.search.listing import Lister
from directory.search.query import EngineQuery, Term
from directory.search.upkeep import Upkeep
from directory.search.wordbook import Wordbook
from directory.serving import ROOT
from tests.factories import organization_draft
from tests.reliability.doomed import NOW, TODAY

# Deaths at some time, and how long what is done takes, about; deaths before files are touched for the nth time.
TIMED = {"seed": (25, 0.25), "rebuild": (8, 0.2), "commit": (25, 0.15), "follow": (15, 0.4)}
TOUCHES = {
    "seed": 0,
    "rebuild": 36,
    "commit": 0,
    "follow": 36,
}  # of a build with its sweep, and of a change and a merge
PATIENCE_S = 60.0


class Doomed:
    """The program that forks what is to be killed."""

    def __init__(self) -> None:
        self._program = subprocess.Popen(
            [sys.executable, "-m", "tests.reliability.doomed"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._line() == "ready"

    def _line(self) -> str:
        assert self._program.stdout is not None
        line = self._program.stdout.readline()
        assert line, "the program ended"
        return line.rstrip("\n")

    def run(self, **order: Any) -> tuple[list[list[str]], int]:
        """What the process said, word by word, and the signal that it died of."""
        assert self._program.stdin is not None
        self._program.stdin.write(json.dumps(order) + "\n")
        self._program.stdin.flush()
        said = []
        while not (line := self._line()).startswith("end "):
            assert not line.startswith("broke"), json.loads(line.partition(" ")[2])
            said.append(line.split(" ", 2))
        return said, int(line.split()[1])

    def close(self) -> None:
        assert self._program.stdin is not None
        assert self._program.stdout is not None
        self._program.stdin.close()
        self._program.wait(PATIENCE_S)
        self._program.stdout.close()


@pytest.fixture(scope="module")
def doomed() -> Iterator[Doomed]:
    program = Doomed()
    yield program
    program.close()


@pytest.fixture(scope="module")
def lister(words: Wordbook) -> Lister:
    return Lister(words.needs, words.places, words.lexicon.compounds)


class House:
    """A directory whose processes die; here sits one that goes on."""

    def __init__(self, data: Path, lister: Lister) -> None:
        self.data = data
        url = f"sqlite:///{data / 'directory.db'}"
        upgrade(url)
        self.database = Database(url)
        with self.database.unit_of_work() as session:
            save_organizations(session, [organization_draft("the-clinic")], now=NOW)
            session.commit()
        self.engine = Engine(data / "index")
        self.upkeep = Upkeep(self.database, data / "index", lister, "doomed", self.engine.seals)

    def stored(self) -> dict[str, str]:
        """slug -> text of all that is in the database."""
        with self.database.reading() as session:
            return {e.slug: e.descriptions.get("nb", "") for e in reading.entries(session, today=TODAY)}

    def searched(self) -> dict[str, str]:
        """slug -> text of all that a search finds."""
        snapshot = self.engine.snapshot()
        found = {}
        for hit in snapshot.search(EngineQuery(limit=10_000)).hits:
            head = orjson.loads(b"{" + snapshot.piece(hit, "head") + b"}")
            text = orjson.loads(b"{" + (snapshot.piece(hit, "text:nb") or b'"summary":""') + b"}")
            found[head["slug"]] = text["summary"] or ""
        assert len(found) == snapshot.documents
        return found

    def close(self) -> None:
        self.database.close()


@pytest.fixture
def house(tmp_path: Path, lister: Lister) -> Iterator[House]:
    opened = House(tmp_path, lister)
    yield opened
    opened.close()


def orders(step: str, chance: random.Random) -> Iterator[dict[str, Any]]:
    for touch in range(TOUCHES[step]):
        yield {"step": step, "seed": chance.getrandbits(32), "die_at": touch, "after_s": PATIENCE_S}
    rounds, seconds = TIMED[step]
    for _ in range(rounds):
        yield {
            "step": step,
            "seed": chance.getrandbits(32),
            "die_at": None,
            "after_s": chance.uniform(0, seconds),
        }


@pytest.mark.parametrize("step", ["commit", "follow", "rebuild"])
def test_killed_while_it_commits_follows_merges_builds_or_switches(
    house: House, doomed: Doomed, lister: Lister, step: str
) -> None:
    luck = random.randrange(2**32)
    print(f"seed of chance: {luck}")
    chance = random.Random(luck)
    house.upkeep.rebuild(TODAY)
    doomed.run(
        step="commit", data=str(house.data), seed=chance.getrandbits(32), die_at=None, after_s=0.3
    )  # something to begin with
    acknowledged = house.stored()
    house.upkeep.catch_up(TODAY)
    deaths = 0
    for order in orders(step, chance):
        before = house.engine.snapshot().position
        said, signalled = doomed.run(**order, data=str(house.data))
        deaths += signalled == signal.SIGKILL
        tried: dict[str, str] = {}
        for word, slug, text in said:
            if word == "try":
                tried = {slug: text}
            else:
                acknowledged[slug], tried = text, {}
        # All that was acknowledged is there, and of what was only tried, all or nothing.
        stored = house.stored()
        for slug, text in acknowledged.items():
            there = stored.get(slug, "-")
            assert there in (text, tried.get(slug, text)), order
        acknowledged |= {slug: stored.get(slug, "-") for slug in tried}
        assert stored == {slug: text for slug, text in acknowledged.items() if text != "-"}, order
        # What is searched meanwhile is whole, and none older than before.
        assert soundness.check(house.data / "index") == [], order
        assert house.engine.snapshot().position >= before
        house.searched()
        assert house.engine.problem is None
        # And it comes back by itself.
        house.upkeep.catch_up(TODAY)
        assert house.searched() == stored, order
        assert house.upkeep.problems() == [], order
    assert deaths == TOUCHES[step] + TIMED[step][0]
    # Having followed through all of that, it answers as one that was built anew.
    other = house.data / "anew"
    Upkeep(house.database, other, lister, "doomed").rebuild(TODAY)
    told = [_told(Engine(path)) for path in (house.data / "index", other)]
    assert told[0] == told[1]
    left = {item.name for item in (house.data / "index").iterdir()}
    assert len(left) <= 24, "what the dead left is swept away"


def _told(engine: Engine) -> tuple[object, ...]:
    """All keys, and all that a search by words finds, counts and scores."""
    snapshot = engine.snapshot()
    words = tuple(Term(((word, 1.0),)) for word in ("tekst", "oslo", "testing", "service"))
    found = snapshot.search(EngineQuery(terms=words, minimum_text=0.0, limit=10_000, facets=("need:",)))
    hits = [(snapshot.identity(hit), hit.score, snapshot.piece(hit, "head")) for hit in found.hits]
    return found.total, found.facets, hits, snapshot.keys_with_prefix("", 100_000)


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two small seeds that differ in texts and in which services there are."""
    services = json.loads((SEED_DIR / SERVICES).read_text("utf-8"))[:60]
    organizations = json.loads((SEED_DIR / ORGANIZATIONS).read_text("utf-8"))
    needed = {row["organization"] for row in services}
    folders = []
    for number, rows in enumerate((services[:45], services[15:])):
        folder = tmp_path_factory.mktemp(f"seed-{number}")
        for path in SEED_DIR.glob("*"):
            if path.is_file() and (path.name in (NEEDS, MUNICIPALITIES) or path.name.startswith("places_")):
                shutil.copy(path, folder)
        told = [row | {"descriptions": {"nb": f"utgave {number}"}} for row in rows]
        (folder / SERVICES).write_text(json.dumps(told), "utf-8")
        (folder / ORGANIZATIONS).write_text(
            json.dumps([row for row in organizations if row["slug"] in needed]), "utf-8"
        )
        folders.append(folder)
    return folders


def test_killed_while_it_seeds_the_directory_is_one_seed_or_the_other(
    house: House, doomed: Doomed, seeds: list[Path]
) -> None:
    luck = random.randrange(2**32)
    print(f"seed of chance: {luck}")
    expected: dict[str, dict[str, str]] = {}
    for folder in seeds:
        seed(house.database, folder, now=NOW)
        expected[str(folder)] = house.stored()
    now = str(seeds[1])
    deaths = 0
    for order in orders("seed", random.Random(luck)):
        others = [str(folder) for folder in seeds if str(folder) != now] + [now]
        said, signalled = doomed.run(**order, data=str(house.data), seeds=others)
        deaths += signalled == signal.SIGKILL
        possible = [now]
        for word, _, folder in said:
            possible = [*possible, folder] if word == "try" else [folder]
        stored = house.stored()
        now = next(folder for folder in possible if expected[folder] == stored)
        assert is_seeded(house.database, Path(now)), order
        house.upkeep.catch_up(TODAY)
        assert house.searched() == stored, order
    assert deaths > 0
    assert soundness.check(house.data / "index") == []
