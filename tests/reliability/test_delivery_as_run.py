"""`veiviser serve` as it is run, with `veiviser work` beside it: both are killed, and the house keeps its word."""

from __future__ import annotations

from pathlib import Path

from flask import Flask

from directory.api.rooms import rooms
from tests.listening_post import listening_post
from tests.real_server import real_server
from tests.reliability.doomed_work import clock_of
from tests.reliability.house_for_faults import copied
from tests.reliability.house_that_dies import house, live, of_a_real_one
from tests.reliability.kept_word import ask_again, check, deliver_the_rest, doomed, luck
from tests.reliability.served_network import ORGANIZATION, SERVICE

KILLS = 4


def test_killed_as_it_is_run_the_house_keeps_its_word(tmp_path: Path, directory_app: Flask) -> None:
    with directory_app.app_context():
        data = copied(rooms().settings.data_dir, tmp_path / "var")
    chance = luck()
    with (
        listening_post() as post,
        house(f"sqlite:///{data / 'directory.db'}", data, post, SERVICE, ORGANIZATION) as here,
    ):
        with real_server(data, worker=True, WEB_CONCURRENCY="1", **here.settings) as server:
            book = live(here, server.port, *of_a_real_one(server), doomed(KILLS, chance), chance)
        ask_again(directory_app, here, book)
        deliver_the_rest(here, clock_of(2))
        check(here, book)
