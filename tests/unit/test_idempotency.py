"""What must be done once is done once, on both stores."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Event
from uuid import UUID, uuid4

import orjson
import pytest
from cryptography.fernet import Fernet
from sqlalchemy import func, insert, select, text
from sqlmodel import Session

from directory import idempotency
from directory.catalogue.models import SeedState
from directory.database import Database
from directory.encryption import Vault
from directory.errors import Conflict, IdempotencyKeyMissing, IdempotencyKeyReused, StillRunning
from directory.idempotency import KEPT, PATIENCE, Answer, Asked, asked, once
from tests.factories import NOW

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
VAULT = Vault([OLD], "key")
SOMEBODY, ANOTHER = UUID(int=1), UUID(int=2)
SECRET = "kanarifuglen"


def request(key: str | None = "a-key", body: object = "body", who: UUID = SOMEBODY) -> Asked:
    return asked(VAULT, who, key, "POST", "/api/v1/things", body)


def working(name: str | None = None) -> Callable[[Session], Answer]:
    """Work that leaves one row behind, and answers with its name, another each time."""

    def work(session: Session) -> Answer:
        made = name or str(uuid4())
        session.execute(insert(SeedState.__table__).values(name=made, digest="", seeded_at=NOW))
        return Answer(201, {"Location": f"/things/{made}", "ETag": '"1"'}, f'{{"id": "{made}", "said": "æ"}}')

    return work


def works_done(database: Database) -> int:
    with database.reading() as session:
        return int(session.execute(select(func.count()).select_from(SeedState)).scalar_one())


def remembered(database: Database) -> int:
    with database.reading() as session:
        return int(session.execute(text("SELECT count(*) FROM idempotent_request")).scalar_one())


def test_who_asks_again_gets_the_first_answer_and_nothing_is_done_again(database: Database) -> None:
    first = once(database, VAULT, request(), NOW, working())
    again = once(database, VAULT, request(), NOW + timedelta(hours=23), working())
    assert again == first
    assert works_done(database) == 1


def test_the_order_of_names_in_the_body_makes_no_other_request(database: Database) -> None:
    first = once(database, VAULT, request(body={"a": 1, "b": [1, 2]}), NOW, working())
    assert once(database, VAULT, request(body={"b": [1, 2], "a": 1}), NOW, working()) == first
    with pytest.raises(IdempotencyKeyReused):
        once(database, VAULT, request(body={"a": 1, "b": [2, 1]}), NOW, working())


def test_the_same_key_with_another_request_is_refused(database: Database) -> None:
    once(database, VAULT, request(), NOW, working())
    for other in (
        request(body="other"),
        asked(VAULT, SOMEBODY, "a-key", "POST", "/api/v1/elsewhere", "body"),
        asked(VAULT, SOMEBODY, "a-key", "PUT", "/api/v1/things", "body"),
    ):
        with pytest.raises(IdempotencyKeyReused):
            once(database, VAULT, other, NOW, working())
    assert works_done(database) == 1


def test_another_key_or_another_asker_is_another_request(database: Database) -> None:
    first = once(database, VAULT, request(), NOW, working())
    others = once(database, VAULT, request(who=ANOTHER), NOW, working())
    assert others != first
    assert once(database, VAULT, request("another-key"), NOW, working()) not in (first, others)
    assert once(database, VAULT, request(who=ANOTHER), NOW, working()) == others
    assert once(database, VAULT, request(), NOW, working()) == first
    assert works_done(database) == 3


@pytest.mark.parametrize("body", ["\ud800", 2**70, float("nan"), {"a": [None, True, 1.5]}])
def test_any_json_can_be_a_request(database: Database, body: object) -> None:
    first = once(database, VAULT, request(body=body), NOW, working())
    assert once(database, VAULT, request(body=body), NOW, working()) == first


@pytest.mark.parametrize("key", [None, "", " ", "a key", "key\n", "nøkkel", "k" * 256])
def test_a_key_is_1_to_255_visible_characters(key: str | None) -> None:
    with pytest.raises(IdempotencyKeyMissing):
        request(key)


@pytest.mark.parametrize("key", ["~", "k" * 255, '"8e03978e-40d5-43dd-bc93-6894a57f9324"'])
def test_any_visible_characters_make_a_key(key: str) -> None:
    assert key not in repr(request(key))


def test_while_the_first_is_at_work_the_second_is_told_to_wait(database: Database) -> None:
    def work(session: Session) -> Answer:
        session.rollback()  # on SQLite one writer keeps out all others
        with pytest.raises(StillRunning):
            once(database, VAULT, request(), NOW + PATIENCE - timedelta(seconds=1), working())
        with pytest.raises(IdempotencyKeyReused):
            once(database, VAULT, request(body="other"), NOW, working())
        return working()(session)

    first = once(database, VAULT, request(), NOW, work)
    assert once(database, VAULT, request(), NOW, working()) == first
    assert works_done(database) == 1


def test_the_key_of_work_that_failed_may_be_used_again_with_a_mended_request(database: Database) -> None:
    def fail(session: Session) -> Answer:
        working()(session)
        raise Conflict("not now")

    with pytest.raises(Conflict):
        once(database, VAULT, request(), NOW, fail)
    assert (works_done(database), remembered(database)) == (0, 0)
    assert once(database, VAULT, request(body="mended"), NOW, working()).status == 201


class Killed(BaseException):
    """As if the process had ended: nothing of ours runs any more."""


def killed(*_: object) -> Answer:
    raise Killed


@pytest.mark.parametrize("later", [PATIENCE, -PATIENCE])
def test_what_a_killed_process_had_begun_is_taken_over_after_a_minute(
    database: Database, later: timedelta
) -> None:
    with pytest.raises(Killed):
        once(database, VAULT, request(), NOW, killed)
    with pytest.raises(StillRunning):
        once(database, VAULT, request(), NOW, working())
    assert once(database, VAULT, request(), NOW + later, working()).status == 201
    assert works_done(database) == 1


def test_what_was_committed_by_a_process_killed_before_it_answered_is_answered_the_same(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Answer] = []

    def work(session: Session) -> Answer:
        made.append(working()(session))
        return made[0]

    commit = Session.commit

    def commit_and_die(session: Session) -> None:
        commit(session)
        if made:
            raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(Session, "commit", commit_and_die)
        once(database, VAULT, request(), NOW, work)
    assert once(database, VAULT, request(), NOW + timedelta(seconds=1), working()) == made[0]
    assert works_done(database) == 1


def test_an_answer_that_was_committed_though_the_commit_broke_off_is_kept(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit, broken = Session.commit, []

    def commit_and_lose_the_connection(session: Session) -> None:
        commit(session)
        if works_done(database) and not broken:
            broken.append(True)
            raise ConnectionError

    with monkeypatch.context() as patch, pytest.raises(ConnectionError):
        patch.setattr(Session, "commit", commit_and_lose_the_connection)
        once(database, VAULT, request(), NOW, working())
    assert once(database, VAULT, request(), NOW, working()).status == 201
    assert works_done(database) == 1


def test_who_was_taken_for_dead_and_comes_back_leaves_nothing(database: Database) -> None:
    others: list[Answer] = []

    def slow(session: Session) -> Answer:
        session.rollback()
        others.append(once(database, VAULT, request(), NOW + PATIENCE, working()))
        return working()(session)

    with pytest.raises(StillRunning):
        once(database, VAULT, request(), NOW, slow)
    assert once(database, VAULT, request(), NOW + PATIENCE, working()) == others[0]
    assert works_done(database) == 1


def test_who_was_taken_for_dead_and_fails_takes_nothing_from_the_other(database: Database) -> None:
    def slow(session: Session) -> Answer:
        session.rollback()
        once(database, VAULT, request(), NOW + PATIENCE, working())
        raise Conflict("too late")

    with pytest.raises(Conflict):
        once(database, VAULT, request(), NOW, slow)
    assert (works_done(database), remembered(database)) == (1, 1)


def test_who_was_taken_for_dead_and_ends_while_the_other_is_at_work_takes_nothing_from_it(
    database: Database,
) -> None:
    def fail(session: Session) -> Answer:
        raise Conflict("too late")

    for key, ending, told in (("one", fail, Conflict), ("two", working(), StillRunning)):

        def slow(session: Session, key: str = key, end: Callable[[Session], Answer] = ending) -> Answer:
            session.rollback()
            with pytest.raises(Killed):  # as far as anybody knows it is at work
                once(database, VAULT, request(key), NOW + PATIENCE, killed)
            return end(session)

        with pytest.raises(told):
            once(database, VAULT, request(key), NOW, slow)
    assert (works_done(database), remembered(database)) == (0, 2)


def test_of_twenty_at_the_same_time_one_does_it(database: Database) -> None:
    together = Barrier(20)

    def ask(_: int) -> str:
        together.wait()
        try:
            return once(database, VAULT, request(), NOW, working()).body
        except StillRunning:
            return "wait"

    with ThreadPoolExecutor(20) as threads:
        answers = set(threads.map(ask, range(20)))
    assert len(answers - {"wait"}) == 1
    assert works_done(database) == 1


def test_of_many_who_take_over_at_the_same_time_one_does_it(database: Database) -> None:
    with pytest.raises(Killed):
        once(database, VAULT, request(), NOW, killed)
    together, done = Barrier(8), Event()

    def ask(number: int) -> str:
        def work(session: Session) -> Answer:
            assert not done.is_set()
            done.set()
            return working()(session)

        together.wait()
        try:
            return once(
                database, VAULT, request(), NOW + PATIENCE + timedelta(microseconds=number), work
            ).body
        except StillRunning:
            return "wait"

    with ThreadPoolExecutor(8) as threads:
        answers = set(threads.map(ask, range(8)))
    assert len(answers - {"wait"}) == 1
    assert works_done(database) == 1


def test_after_a_day_a_key_is_as_new(database: Database) -> None:
    first = once(database, VAULT, request(), NOW, working())
    later = once(database, VAULT, request(body="other"), NOW + KEPT + timedelta(seconds=1), working())
    assert later != first
    assert remembered(database) == 1


def test_what_is_older_than_a_day_is_forgotten_with_whatever_is_asked_next(database: Database) -> None:
    once(database, VAULT, request(), NOW, working())
    once(database, VAULT, request(who=ANOTHER), NOW + KEPT + timedelta(seconds=1), working())
    assert remembered(database) == 1


def test_what_is_older_than_a_day_is_purged(database: Database) -> None:
    once(database, VAULT, request(), NOW, working())
    once(database, VAULT, request(who=ANOTHER), NOW + timedelta(hours=2), working())
    with database.unit_of_work() as session:
        assert idempotency.purge(session, NOW + KEPT) == 0
        assert idempotency.purge(session, NOW + KEPT + timedelta(hours=1)) == 1
        session.commit()
    assert remembered(database) == 1


def stored(database: Database) -> str:
    with database.reading() as session:
        rows = session.execute(text("SELECT * FROM idempotent_request")).all()
    return repr([[bytes(v) if isinstance(v, memoryview) else v for v in row] for row in rows])


def test_nothing_of_request_key_or_answer_can_be_read_in_the_database(database: Database) -> None:
    def work(session: Session) -> Answer:
        return Answer(201, {"Location": "/things/1"}, f'{{"message": "{SECRET}"}}')

    once(database, VAULT, request(key=SECRET, body={"message": SECRET}), NOW, work)
    assert "/things/1" in stored(database)
    assert SECRET not in stored(database)


def answer_about(location: str) -> Callable[[Session], Answer]:
    body = orjson.dumps({"id": location, "message": SECRET, "contact": {"phone": SECRET}}).decode()
    return lambda session: Answer(201, {"Location": location}, body)


def test_what_is_erased_is_not_told_by_an_old_answer_either(database: Database) -> None:
    for location in ("/things/1", "/things/10"):
        once(database, VAULT, request(location), NOW, answer_about(location))
    with database.unit_of_work() as session:
        idempotency.blank(session, VAULT, "/things/1", frozenset({"message", "contact"}))
        session.commit()
    blanked = once(database, VAULT, request("/things/1"), NOW, working())
    assert orjson.loads(blanked.body) == {"id": "/things/1", "message": None, "contact": None}
    assert blanked.status == 201
    assert SECRET in once(database, VAULT, request("/things/10"), NOW, working()).body


def test_with_a_new_key_answers_are_sealed_again_and_the_old_key_can_go(database: Database) -> None:
    first = once(database, VAULT, request(), NOW, working())
    with pytest.raises(Killed):  # one at work has no answer to be sealed
        once(database, VAULT, request("running"), NOW, killed)
    with database.unit_of_work() as session:
        assert idempotency.reencrypt(session, Vault([NEW, OLD], "key")) == 1
        assert idempotency.reencrypt(session, Vault([NEW, OLD], "key")) == 0
        session.commit()
    assert once(database, Vault([NEW], "key"), request(), NOW, working()) == first


def test_what_is_erased_while_answers_are_sealed_again_stays_erased(database: Database) -> None:
    once(database, VAULT, request(), NOW, answer_about("/things/1"))

    class Interrupted(Vault):
        def renewed(self, sealed: bytes) -> bytes | None:
            idempotency.blank(session, VAULT, "/things/1", frozenset({"message", "contact"}))
            return super().renewed(sealed)

    with database.unit_of_work() as session:
        idempotency.reencrypt(session, Interrupted([NEW, OLD], "key"))
        session.commit()
    assert SECRET not in once(database, Vault([NEW, OLD], "key"), request(), NOW, working()).body
