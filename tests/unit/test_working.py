"""What is done beside serving: jobs that come round in time, shared between processes, and outlive their failures."""

from __future__ import annotations

from datetime import timedelta
from threading import Event

import pytest

from directory import working
from directory.config import Settings
from directory.database import Database
from directory.encryption import Vault
from directory.partners.partnering import add_partner
from directory.working import Job, Rota, Workroom
from tests.factories import NOW, saved, service_draft


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self):
        return self.now

    def later(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def room(database: Database, settings: Settings, clock: Clock) -> Workroom:
    vault = Vault(settings.all_encryption_keys, settings.signing_key)
    return Workroom(settings, database, vault, clock)


def job(done: list[str], name: str, every: timedelta, shared: bool = True) -> Job:
    def run(room: Workroom) -> int:
        done.append(name)
        return 1

    return Job(name, every, run, shared)


def test_a_job_is_done_at_once_and_again_when_its_time_has_come(room, clock):
    done: list[str] = []
    rota = Rota(
        room, [job(done, "hourly", timedelta(hours=1)), job(done, "each minute", timedelta(minutes=1))]
    )
    assert rota.round() == 2
    assert rota.round() == 0
    clock.later(minutes=1)
    rota.round()
    clock.later(minutes=59)
    rota.round()
    assert done == ["hourly", "each minute", "each minute", "hourly", "each minute"]


def test_of_two_at_work_one_does_what_is_shared_and_both_what_is_not(room, clock):
    done: list[str] = []
    jobs = [job(done, "shared", timedelta(hours=1)), job(done, "own", timedelta(hours=1), shared=False)]
    first, second = Rota(room, jobs), Rota(room, jobs)
    assert (first.round(), second.round()) == (2, 1)
    clock.later(hours=1)
    assert (second.round(), first.round()) == (2, 1)
    assert done.count("shared") == 2 and done.count("own") == 4


def test_a_worker_that_begins_anew_does_not_repeat_what_was_just_done(room, clock):
    done: list[str] = []
    jobs = [job(done, "hourly", timedelta(hours=1))]
    Rota(room, jobs).round()
    clock.later(minutes=30)
    assert Rota(room, jobs).round() == 0


def test_a_clock_set_back_keeps_nobody_from_work(room, clock):
    done: list[str] = []
    rota = Rota(room, [job(done, "hourly", timedelta(hours=1))])
    rota.round()
    clock.later(days=-400)
    assert rota.round() == 1


def test_a_job_that_fails_keeps_no_other_from_being_done_and_is_tried_again(room, clock, caplog):
    done: list[str] = []

    def fail(room: Workroom) -> int:
        raise OSError(28, "No space left on device")

    rota = Rota(
        room, [Job("broken", timedelta(seconds=1), fail), job(done, "whole", timedelta(seconds=1), False)]
    )
    for _ in range(3):
        rota.round()
        clock.later(seconds=1)
    assert done == ["whole"] * 3
    assert [record.job for record in caplog.records] == ["broken"], "it is told once, not each second"


def test_what_is_begun_is_finished_and_then_there_is_an_end(room):
    stop = Event()

    def run(room: Workroom) -> int:
        stop.set()
        return 1

    working.work(room, stop, [Job("last", timedelta(seconds=1), run)])
    assert stop.is_set()


def test_silence_is_told_where_somebody_takes_part_and_nobody_is_at_work(room, clock):
    def silence():
        with room.database.reading() as session:
            return working.silence(session, clock())

    assert silence() is None
    with room.database.unit_of_work() as session:
        saved(session, service_draft("clinic", organization="clinic-house"))
        add_partner(session, slug="clinic", name="Clinic", organizations=["clinic-house"], now=NOW)
        session.commit()
    assert silence() == "is not at work: veiviser work"
    Rota(room, [job([], "any", timedelta(hours=1))]).round()
    assert silence() is None
    clock.later(minutes=6)
    assert silence() == "is not at work: veiviser work"


def test_every_job_has_a_name_of_its_own():
    names = [each.name for each in working.JOBS]
    assert len(set(names)) == len(names) > 0
