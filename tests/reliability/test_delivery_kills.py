"""Who serves and who delivers is killed again and again, on either store, and the house keeps its word."""

from __future__ import annotations

from pathlib import Path

from flask import Flask

from directory.database import Database
from tests.factories import saved, service_draft
from tests.listening_post import listening_post
from tests.reliability.doomed_work import clock_of
from tests.reliability.house_that_dies import delivered, house, live, served
from tests.reliability.kept_word import ask_again, check, deliver_the_rest, doomed, luck

KILLS = {"sqlite": 62, "postgresql": 34}  # half of them of who serves and half of who delivers


def test_killed_again_and_again_the_house_keeps_its_word(
    database: Database, store: str, tmp_path: Path, directory_app: Flask
) -> None:
    with database.unit_of_work() as session:
        saved(session, service_draft("test-station", organization="the-clinic"))
        session.commit()
    chance = luck()
    with (
        listening_post() as post,
        house(database.url, tmp_path / "var", post, "test-station", "the-clinic") as here,
    ):
        with served(here) as (port, serving), delivered(here) as delivering:
            book = live(here, port, serving, delivering, doomed(KILLS[store], chance), chance)
        ask_again(directory_app, here, book)
        deliver_the_rest(here, clock_of(KILLS[store]))
        check(here, book)
