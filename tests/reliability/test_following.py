"""The service as it is really run, with two workers, while others edit, ask, and pull plugs."""

from __future__ import annotations

import http.client
import os
import random
import signal
from contextlib import suppress
from itertools import count
from pathlib import Path
from threading import Event, Thread

import pytest
from flask import Flask

from directory.api.rooms import rooms
from directory.search import soundness
from tests.real_server import PATIENCE_S, RealServer, real_server
from tests.reliability.house_for_faults import (
    ASKED,
    Patience,
    copied,
    editor,
    ready,
    said,
    until_all_say,
)
from tests.worker_connections import Workers, is_alive

SOAKED_EDITS = 120
DEATHS = (1, 2, 1)  # at once; of two


@pytest.fixture
def data(directory_app: Flask, tmp_path: Path) -> Path:
    with directory_app.app_context():
        return copied(rooms().settings.data_dir, tmp_path / "var")


def ask_on(server: RealServer, done: Event, wrong: list[str]) -> None:
    """Until ``done``: every answer is well, and none of a worker is older than the one before."""
    workers, newest = Workers(server.port, server.process.pid), dict[int, int]()
    try:
        while not done.is_set():
            for worker in workers.pids():
                status, body = workers.ask(worker, ASKED)
                text = said((status, body))
                if status != 200 or text is None:
                    wrong.append(f"{status}: {body[:200]!r}")
                elif int(text) < newest.get(worker, 0):
                    wrong.append(f"{text} after {newest[worker]}")
                else:
                    newest[worker] = int(text)
    except Exception as error:
        wrong.append(repr(error))
    finally:
        workers.close()


def test_while_somebody_edits_every_answer_is_well_and_none_older_than_the_one_before(data: Path) -> None:
    with real_server(data) as server, editor(data / "directory.db") as edits:
        edits.say("0")
        until_all_say(server, "0")
        done, wrong = Event(), list[str]()
        askers = [Thread(target=ask_on, args=(server, done, wrong)) for _ in range(2)]
        for asker in askers:
            asker.start()
        for number in range(1, SOAKED_EDITS + 1):
            edits.say(str(number))
            if number % 10 == 0:
                until_all_say(server, str(number))
        done.set()
        for asker in askers:
            asker.join(PATIENCE_S)
        assert wrong == []
        assert ready(server) == {}
        log = server.stop()
    assert '"level":"error"' not in log
    assert soundness.check(data / "index") == []


def test_killed_workers_are_replaced_and_know_every_change(data: Path) -> None:
    luck = random.randrange(2**32)
    print(f"seed of chance: {luck}")
    chance = random.Random(luck)
    with real_server(data) as server, editor(data / "directory.db") as edits:
        for number, deaths in enumerate(DEATHS):
            before = server.workers.all_pids()
            edits.say(f"{number} to be taken up by whom")
            Event().wait(chance.uniform(0, 0.06))  # somewhere in the taking up of it
            killed = chance.sample(before, deaths)
            for worker in killed:
                os.kill(worker, signal.SIGKILL)
            edits.say(str(number))
            patience = Patience("the dead are replaced")
            while len(pids := server.workers.pids()) < len(before) or set(pids) & set(killed):
                patience.wear()
            until_all_say(server, str(number))
            assert soundness.check(data / "index") == []
        assert ready(server) == {}


def test_a_killed_server_leaves_no_worker_behind_and_is_all_there_when_it_starts_again(data: Path) -> None:
    with editor(data / "directory.db") as edits:
        for number in count():
            with real_server(data, WEB_CONCURRENCY="1") as server:
                workers = server.workers.all_pids(1)
                if number:
                    until_all_say(server, str(number - 1))
                if number == 2:  # it was killed when it had just begun, and when it served
                    break
                edits.say(str(number))
                server.process.kill()
                patience = Patience("workers without a parent end")
                while any(map(is_alive, workers)):
                    with suppress(http.client.HTTPException, OSError):
                        server.ask("/health")
                    patience.wear()
    assert soundness.check(data / "index") == []
