"""Work on the catalogue and the index, done by processes that are to be killed.

Run as a program, it forks a process for each order it reads, which costs milliseconds, as all is loaded. An order is a
line of JSON: ``step``, ``data``, ``seed`` (of chance), ``die_at`` (die before touching files for the so-many-th time),
``after_s`` (be killed by then). What a process says goes to stdout: "try …" before a change, "ack …" once it was
acknowledged. The last line is "end" with the signal it died of, or 0.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import traceback
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from directory.catalogue.editing import edit_service, remove_service
from directory.catalogue.seeding import seed
from directory.database import Database
from directory.search import index
from directory.search.listing import Lister
from directory.search.upkeep import Upkeep
from directory.search.wordbook import wordbook
from tests.factories import NEEDS, service_draft

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TODAY = date(2026, 11, 22)
SLUGS = 40
# What changes files and folders. SQLite's own writing is not told to Python.
TOUCHES = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.truncate", "os.utime"}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def opened(data: Path) -> tuple[Database, Upkeep]:
    database = Database(f"sqlite:///{data / 'directory.db'}")
    return database, Upkeep(database, data / "index", LISTER, "doomed")


def say(*words: object) -> None:
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def change(database: Database, chance: random.Random) -> None:
    """Save or remove one of the services, and tell before and after."""
    slug = f"service-{chance.randrange(SLUGS)}"
    text = f"tekst {chance.getrandbits(32):x}" if chance.random() < 0.85 else "-"
    say("try", slug, text)
    if text == "-":
        with database.unit_of_work() as session:
            try:
                remove_service(session, slug, now=NOW)
            except Exception:  # it was not there
                text = "-"
            session.commit()
    else:
        edit_service(database, service_draft(slug, descriptions={"nb": text}), needs=NEEDS, now=NOW)
    say("ack", slug, text)


def seeding(order: dict[str, Any]) -> None:
    database, _ = opened(Path(order["data"]))
    for folder in order["seeds"]:
        say("try", "seed", folder)
        seed(database, Path(folder), now=NOW)
        say("ack", "seed", folder)


def rebuilding(order: dict[str, Any]) -> None:
    _, upkeep = opened(Path(order["data"]))
    while True:
        upkeep.rebuild(TODAY)


def committing(order: dict[str, Any]) -> None:
    database, _ = opened(Path(order["data"]))
    chance = random.Random(order["seed"])
    while True:
        change(database, chance)


def following(order: dict[str, Any]) -> None:
    """Changes and the index after each few of them, with limits that make segments be merged all the time."""
    database, upkeep = opened(Path(order["data"]))
    chance = random.Random(order["seed"])
    index._ABSORBED, index._SEGMENTS, index._LARGE = 3, 2, 1000
    while True:
        for _ in range(chance.randrange(1, 5)):
            change(database, chance)
        upkeep.catch_up(TODAY)


STEPS = {"seed": seeding, "rebuild": rebuilding, "commit": committing, "follow": following}


def die(order: dict[str, Any]) -> None:
    """In a process of its own: do the step until death."""
    if order["die_at"] is not None:
        left = order["die_at"]

        def count(event: str, arguments: tuple[object, ...]) -> None:
            nonlocal left
            if event in TOUCHES or (event == "open" and arguments[2] & WRITING):  # type: ignore[operator]
                left -= 1
                if left < 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(count)
    try:
        STEPS[order["step"]](order)
    except BaseException:
        say("broke", json.dumps(traceback.format_exc()))
        os._exit(1)
    os._exit(0)


def orders() -> Iterator[dict[str, Any]]:
    for line in sys.stdin:
        yield json.loads(line)


def main() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    say("ready")
    for order in orders():
        child = os.fork()
        if child == 0:
            die(order)
        if signal.sigtimedwait({signal.SIGCHLD}, order["after_s"]) is None:
            os.kill(child, signal.SIGKILL)
            signal.sigwait({signal.SIGCHLD})
        _, status = os.waitpid(child, 0)
        say("end", os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0)


if __name__ == "__main__":
    words = wordbook()
    LISTER = Lister(words.needs, words.places, words.lexicon.compounds)
    main()
