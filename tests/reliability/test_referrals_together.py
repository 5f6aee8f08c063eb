"""Referrals, asked for at the same time by several, of a server with several workers, and by processes that die."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from threading import Barrier
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import select
from sqlmodel import Session

from directory import idempotency
from directory.api.rooms import KEY
from directory.database import Database
from directory.partners import keys
from directory.referrals.models import Referral
from tests.referral_doors import REFERRALS, Doors, body_of
from tests.referral_house import CLINIC
from tests.reliability.served_network import SENT, SERVICE, Answer, Served, ask, create, served_network

ROUNDS = 12
LEAST = 4  # each costs one guess, of which there are ten
AT_ONCE = 20


def together(*questions: Callable[[], Answer]) -> list[Answer]:
    """What each is answered, all asked at the same moment."""
    start = Barrier(len(questions))

    def put(question: Callable[[], Answer]) -> Answer:
        start.wait()
        return question()

    with ThreadPoolExecutor(len(questions)) as threads:
        return list(threads.map(put, questions))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def served(
    request: pytest.FixtureRequest, directory_app: Flask, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    data = tmp_path_factory.mktemp("served") / "var"
    with served_network(request, directory_app, data, request.param) as found:
        yield found


def test_of_twenty_requests_with_one_key_at_the_same_time_one_makes_the_referral(served: Served) -> None:
    for _ in range(3):
        key, before, referrals = str(uuid4()), served.events(), served.referrals()
        with served.lines(AT_ONCE) as lines:
            answers = together(*(partial(create, line, served.team, key) for line in lines))
            assert {answer.status for answer in answers} <= {201, 409}
            first = next(answer for answer in answers if answer.status == 201)
            for answer in answers:
                if answer.status == 409:
                    assert answer.said["type"] == "/problems/still-running"
                    assert answer.headers["Retry-After"] == "1"
                else:
                    assert_same(answer, first)
            for line in lines:  # whoever was told to wait
                assert_same(create(line, served.team, key), first)
        assert (served.referrals(), served.events()) == (referrals + 1, before + 1)


def assert_same(answer: Answer, first: Answer) -> None:
    assert (answer.status, answer.body) == (201, first.body)
    assert {answer.headers[name] for name in ("Location", "ETag")} == {
        first.headers[name] for name in ("Location", "ETag")
    }


def test_of_two_steps_at_the_same_time_in_two_workers_one_wins(served: Served) -> None:
    with served.lines() as (one, other):
        for _ in range(ROUNDS):
            made = create(one, served.team, str(uuid4())).said
            version = ask(other, served.clinic, "GET", f"/{made['id']}").headers["ETag"]
            before = served.events()
            take = partial(ask, who=served.clinic, method="POST", path=f"/{made['id']}/transitions")
            answers = together(
                partial(take, one, body={"to": "accepted"}, If_Match=version),
                partial(take, other, body={"to": "rejected", "reason": "no-capacity"}, If_Match=version),
            )
            assert sorted(answer.status for answer in answers) == [200, 412]
            assert served.events() == before + 1
            (won,) = (answer.said for answer in answers if answer.status == 200)
            left = ask(one, served.team, "GET", f"/{made['id']}").said
            assert (left["status"], left["version"]) == (won["status"], won["version"])


def test_of_sender_and_receiver_at_the_same_time_one_wins(served: Served) -> None:
    with served.lines() as (one, other):
        for _ in range(ROUNDS):
            made = create(one, served.team, str(uuid4())).said
            path, version, before = f"/{made['id']}", f'"{made["version"]}"', served.events()
            step = {"to": "accepted"}
            withdrawn, accepted = together(
                partial(ask, one, served.team, "DELETE", f"{path}/consent", If_Match=version),
                partial(ask, other, served.clinic, "POST", f"{path}/transitions", step, If_Match=version),
            )
            assert (withdrawn.status, accepted.status) in ((200, 404), (412, 200))
            assert served.events() == before + 1


def test_one_code_redeemed_twice_at_the_same_time_is_redeemed_once(served: Served) -> None:
    carried = {"service_id": SERVICE, "delivery": "carried", "status": "requested"}
    with served.lines() as lines:
        for _ in range(LEAST):
            made = create(lines[0], served.team, str(uuid4()), carried).said
            before, code = served.events(), {"code": made["carried"]["code"]}
            answers = together(
                *(partial(ask, line, served.clinic, "POST", "/redeem", code) for line in lines)
            )
            assert sorted(answer.status for answer in answers) == [200, 404]
            assert served.events() == before + 1


def test_a_key_used_by_two_partners_at_the_same_time_makes_a_referral_for_each(served: Served) -> None:
    key, before = str(uuid4()), served.referrals()
    with served.lines() as (one, other):
        answers = together(partial(create, one, served.team, key), partial(create, other, served.third, key))
        assert [answer.status for answer in answers] == [201, 201]
        assert answers[0].said["sender"] != answers[1].said["sender"]
        assert served.referrals() == before + 2
        assert create(other, served.team, key).body == answers[0].body


class Gone(BaseException):
    """Whoever was at work is no longer there."""


def test_what_another_process_has_begun_is_waited_for_by_both_workers(served: Served) -> None:
    def never(_: Session) -> idempotency.Answer:
        raise Gone

    now, before = datetime.now(UTC), served.referrals()
    with served.database.reading() as session:
        (actor,) = [row.id for row in keys.keys_of(session) if served.team.startswith(row.hint)]
    begun = idempotency.asked(served.vault, actor, "begun", "POST", f"{REFERRALS}?", SENT)
    with pytest.raises(Gone):
        idempotency.once(served.database, served.vault, begun, now, never)
    with served.lines() as lines:
        for line in lines:
            answer = create(line, served.team, "begun")
            assert (answer.status, answer.said["type"]) == (409, "/problems/still-running")
            other = create(line, served.team, "begun", SENT | {"urgency": "soon"})
            assert (other.status, other.said["type"]) == (422, "/problems/idempotency-key-reused")
            missing = ask(line, served.team, "POST", "", SENT)
            assert (missing.status, missing.said["type"]) == (400, "/problems/idempotency-key-missing")
    assert served.referrals() == before


def test_a_crash_after_any_commit_leaves_one_referral_and_one_answer(doors: Doors) -> None:
    """The process is killed right after its first commit, its second, and so on, until there is none left."""
    sender = doors.by_key("sender")
    body_of(sender.ask("GET", ""))  # that its key was used today is a commit too
    said = {"service_id": CLINIC, "client_ref": "K7-Qm2x"}
    deaths, answered = 0, 0
    while True:
        key = f"key-{deaths}"
        if survives(doors, deaths + 1, lambda key=key: sender.create(key, **said)):
            break
        deaths += 1
        made = referrals_of(doors)
        answered += len(made) == deaths
        doors.network.later(seconds=61)
        again = body_of(sender.create(key, **said), 201)
        left = referrals_of(doors)
        assert len(left) == deaths
        assert UUID(again["id"]) in left and set(made) <= set(left)
        assert sender.create(key, **said).json == again
    assert (deaths, answered) == (2, 1)  # once the work is begun; once it is done and its answer kept
    assert doors.events() == deaths + 1


def referrals_of(doors: Doors) -> list[UUID]:
    with doors.network.database.reading() as session:
        return list(session.execute(select(Referral.__table__.c.id)).scalars())


def survives(doors: Doors, commits: int, act: Callable[[], object]) -> bool:
    """Act in a process of its own, which is killed right after so many commits. Whether it ended by itself."""
    child = os.fork()
    if child == 0:
        try:
            doomed(doors, commits, act)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return False
    assert os.WEXITSTATUS(status) == 0
    return True


def doomed(doors: Doors, commits: int, act: Callable[[], object]) -> None:
    house = doors.app.extensions[KEY]
    # Connections do not survive a fork.
    doors.app.extensions[KEY] = replace(house, database=Database(house.database.url))
    commit, done = Session.commit, 0

    def commit_and_count(session: Session) -> None:
        nonlocal done
        commit(session)
        done += 1
        if done == commits:
            os.kill(os.getpid(), signal.SIGKILL)

    Session.commit = commit_and_count  # type: ignore[method-assign]
    act()
    os._exit(0)
