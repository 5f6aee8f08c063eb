"""What people write of a client is found in no log line, no metric, no index and no plain column, whatever happens.

A word that nobody else uses is put wherever a request has room for it, through every route for referrals, also where
it is refused; then all that the house leaves behind is gone through.
"""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import inspect, text
from werkzeug.test import TestResponse

from directory.database import Database
from directory.logs import JsonLines
from directory.problems import MEDIA_TYPE
from directory.referrals import composing, referring
from tests.referral_doors import REFERRALS, Caller, Doors, a_sent_one, body_of
from tests.referral_house import CLINIC
from tests.reliability.served_network import SERVICE, ask, create, served_network

BIRD = "kanarifugl"
NAME = "kanarinavn"  # of a parameter that there is not, which a problem must tell
WRITTEN: dict[str, Any] = {
    "client_ref": f"{BIRD}-ref",
    "message": f"En {BIRD} som trenger hjelp.",
    "contact_preference": "direct",
    "contact": {"phone": f"{BIRD}-1", "email": f"{BIRD}@example.org", "other": f"ved {BIRD}en"},
    "consent": {
        "given_on": "2026-11-20",
        "method": "written",
        "covers": ["receiver", "content", "contact"],
    },
}
REFUSED = f"{BIRD} +47 22 00 00 00"
FIELDS = (
    *("service_id", "status", "delivery", "needs", "languages", "urgency", "context", "contact_preference"),
    *("contact", "client_ref", "message", "consent", "appointment_at", "follow_up_on", "refers_on"),
    *("to", "reason", "note", "outcome", "revisit_on", "text", "code", NAME),
)
HEADERS = {
    "Idempotency-Key": f"{BIRD}-key",
    "If-Match": f'"{BIRD}"',
    "User-Agent": BIRD,
    "X-Request-Id": BIRD,
    "Accept-Language": BIRD,
}


def bodies() -> Iterator[dict[str, Any]]:
    """Each field by itself with what it does not take, as a text, in a list and in an object; then texts at fault."""
    for name in FIELDS:
        yield from ({name: value} for value in (BIRD, [BIRD], {BIRD: BIRD}))
    good = {"service_id": CLINIC, "status": "requested"} | WRITTEN
    yield from (good | {name: REFUSED} for name in ("client_ref", "message"))
    yield good | {"consent": None}
    yield good | {"delivery": "carried"}
    yield from ({"to": "rejected", "reason": "other", "note": note} for note in (f"{BIRD} " * 500, REFUSED))
    yield from ({"text": said} for said in (f"{BIRD} " * 500, REFUSED))
    yield {"code": f"{BIRD} 0000"}


def errors(app: Flask, ids: list[str]) -> Iterator[tuple[str, str, dict[str, Any] | None]]:
    """(method, path, body) of what is refused, at every route for referrals and every one of the ids."""
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith(REFERRALS):
            continue
        for id in ids if "<id>" in rule.rule else [""]:
            path = re.sub("<id>", id, rule.rule.removeprefix(REFERRALS))
            for method in sorted((rule.methods or set()) - {"OPTIONS"}):
                for query in (
                    "",
                    f"?lang={BIRD}",
                    f"?{NAME}={BIRD}",
                    f"?cursor={BIRD}&box={BIRD}&status={BIRD}",
                ):
                    yield method, path + query, None
                if method in ("POST", "PATCH"):
                    yield from ((method, path, body) for body in bodies())


def story(sender: Caller, receiver: Caller) -> tuple[list[str], list[str]]:
    """All that can be written is written, and kept. Returns the ids, and the codes that were shown."""
    sent = body_of(sender.create(f"{BIRD}-1", service_id=CLINIC, **WRITTEN), 201)
    changed = {"message": f"Enda en {BIRD}."}
    path, version = f"/{sent['id']}", {"If-Match": f'"{sent["version"]}"'}
    sent = body_of(sender.step(body_of(sender.ask("PATCH", path, changed, version)), "requested"))
    got = body_of(receiver.ask("GET", path))
    assert BIRD in got["message"] and BIRD in got["contact"]["email"] and BIRD in got["client_ref"]
    body_of(receiver.step(got, "rejected", reason="other", note=f"Ingen plass til en {BIRD}."))
    body_of(sender.ask("POST", f"{path}/messages", {"text": f"Hva med en annen {BIRD}?"}), 201)
    told = body_of(receiver.ask("GET", f"{path}/messages"))["messages"]
    assert [BIRD in message["text"] for message in told] == [True, True]
    receiver.ask("GET", f"{path}/events")
    onward = a_sent_one(sender, refers_on=sent["id"], **WRITTEN)
    sender.ask("DELETE", f"/{onward['id']}/consent", None, {"If-Match": f'"{onward["version"]}"'})
    carried = a_sent_one(sender, delivery="carried", consent=None)
    code = carried["carried"]["code"]
    taken = body_of(receiver.ask("POST", "/redeem", {"code": code}))
    body_of(receiver.step(taken, "rejected", reason="other", note=f"Ikke her, {BIRD}."))
    waits = a_sent_one(sender, delivery="carried", consent=None)
    kept = a_sent_one(sender, **WRITTEN)
    ids = [one["id"] for one in (sent, onward, carried, waits, kept)]
    return ids, [code, waits["carried"]["code"]]


@pytest.fixture
def told() -> Iterator[io.StringIO]:
    """All that is logged, of every logger and at every level, as it would be written."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    level = logging.root.level
    logging.root.addHandler(handler)
    logging.root.setLevel(logging.DEBUG)
    yield stream
    logging.root.setLevel(level)
    logging.root.removeHandler(handler)


def in_columns(database: Database) -> Iterator[tuple[str, bytes]]:
    """Each value of the database, as bytes, with where it stands."""
    with database.reading() as session:
        for table in inspect(session.connection()).get_table_names():
            for row in session.execute(text(f'SELECT * FROM "{table}"')).mappings():
                for column, value in row.items():
                    raw = bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
                    yield f"{table}.{column}", raw


def in_files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in folder.rglob("*"):
        if path.is_file():
            yield str(path.relative_to(folder)), path.read_bytes()


def assert_nowhere(found: Iterator[tuple[str, bytes]], *more: str) -> int:
    """Neither bird nor name nor ``more`` stands in any of it. Returns in how many places was looked."""
    words = [word.lower().encode() for word in (BIRD, NAME, *more)]
    places = 0
    for where, raw in found:
        places += 1
        assert not any(word in raw.lower() for word in words), where
    return places


def assert_discreet(response: TestResponse, what: object) -> None:
    """A problem names fields, also such as there are not, and languages that there are not; it quotes nothing else."""
    if response.content_type == MEDIA_TYPE and response.data:
        told: Any = response.json
        said = [told["detail"], *(line for lines in told.get("errors", {}).values() for line in lines)]
        assert BIRD not in " ".join(line for line in said if "is not a known language" not in line), what


def both_forms(codes: list[str]) -> list[str]:
    return [*codes, *(code.replace("-", "") for code in codes)]


def test_what_is_written_of_a_client_is_left_nowhere(doors: Doors, told: io.StringIO) -> None:
    sender, receiver, third = (doors.by_key(name) for name in ("sender", "receiver", "third"))
    ids, codes = story(sender, receiver)
    asked = 0
    for caller, tried in (
        (sender, [ids[0], ids[-1], BIRD]),
        (receiver, ids[-1:]),
        (third, ids[-1:]),
        (doors.nobody(), [BIRD]),
    ):
        for method, path, body in errors(doors.app, tried):
            response = caller.ask(method, path, body, HEADERS)
            assert response.status_code < 500, (method, path, body)
            assert_discreet(response, (method, path, body))
            asked += 1
    assert asked > 1000
    log = told.getvalue()
    assert log.count('"event":"request"') >= asked
    assert_nowhere(iter([("logs", log.encode())]), *both_forms(codes), *ids)
    metrics = doors.nobody().client.get("/metrics").data
    assert b"/api/v1/referrals/<id>/transitions" in metrics
    assert_nowhere(iter([("metrics", metrics)]), *both_forms(codes), *ids)
    places = assert_nowhere(in_columns(doors.network.database), *both_forms(codes))
    assert places > 500
    kept = body_of(sender.ask("GET", f"/{ids[-1]}"))  # and yet it is there, for whoever may read it
    assert BIRD in kept["message"]


def test_what_the_store_keeps_in_files_holds_none_of_it(doors: Doors, store: str, tmp_path: Path) -> None:
    _, codes = story(doors.by_key("sender"), doors.by_key("receiver"))
    if store == "sqlite":  # the log of what is yet to be written included
        assert assert_nowhere(in_files(tmp_path), *both_forms(codes))
    assert assert_nowhere(in_files(doors.network.house.settings.index_dir), *both_forms(codes))


def broken(*_: object, **said: object) -> None:
    raise ValueError(f"cannot make sense of {BIRD} {said}")


def test_an_exception_tells_nothing_of_what_it_came_upon(
    doors: Doors, told: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender = doors.by_key("sender")
    made = a_sent_one(sender, **WRITTEN)
    for room, name in ((composing, "create"), (referring, "take_step"), (referring, "write_message")):
        monkeypatch.setattr(room, name, broken)
    answers = [
        sender.create("a-key", service_id=CLINIC, **WRITTEN),
        sender.step(made, "cancelled", reason="other", note=f"En {BIRD}."),
        sender.ask("POST", f"/{made['id']}/messages", {"text": f"En {BIRD}."}),
    ]
    for response in answers:
        assert response.status_code == 500
        assert BIRD not in response.text
    assert BIRD not in told.getvalue()
    assert told.getvalue().count('"error":"ValueError"') == len(answers)
    monkeypatch.undo()


def test_a_database_that_breaks_tells_nothing_of_what_was_being_written(
    doors: Doors, told: io.StringIO
) -> None:
    sender = doors.by_key("sender")
    made = a_sent_one(sender, **WRITTEN)
    with doors.network.database.unit_of_work() as session:
        session.execute(text("ALTER TABLE referral_message RENAME TO elsewhere"))
        session.commit()
    response = sender.ask("POST", f"/{made['id']}/messages", {"text": f"En {BIRD}."})
    assert (response.status_code, BIRD in response.text) == (500, False)
    with doors.network.database.unit_of_work() as session:
        session.execute(text("ALTER TABLE referral RENAME COLUMN message TO elsewhere"))
        session.commit()
    response = sender.create("a-key", service_id=CLINIC, **WRITTEN)
    assert (response.status_code, BIRD in response.text) == (500, False)
    assert_nowhere(iter([("logs", told.getvalue().encode())]))


@pytest.mark.parametrize("way", ["sqlite", "postgresql"])
def test_the_server_and_its_workers_leave_none_of_it_either(
    directory_app: Flask, tmp_path: Path, request: pytest.FixtureRequest, way: str
) -> None:
    with served_network(request, directory_app, tmp_path / "var", way) as served:
        with served.lines() as (one, other):
            said = {"service_id": SERVICE} | WRITTEN
            draft = create(one, served.team, BIRD, said).said
            path, step = f"/{draft['id']}", partial(ask, If_Match=f'"{draft["version"]}"')
            sent = step(other, served.team, "POST", f"{path}/transitions", {"to": "requested"}).said
            assert BIRD in ask(one, served.clinic, "GET", path).said["message"]
            words = {"text": f"En {BIRD}."}
            assert ask(other, served.clinic, "POST", f"{path}/messages", words).status == 201
            assert sent["status"] == "requested"
            for line in (one, other):
                for who in (served.team, served.clinic, served.third, BIRD):
                    for method, place, body in errors(directory_app, [draft["id"]]):
                        if body is None or len(body) == 1:
                            continue
                        answer = ask(line, who, method, place, body, Idempotency_Key=BIRD, If_Match=BIRD)
                        assert 400 <= answer.status < 500, (method, place, body)
            places = assert_nowhere(in_columns(served.database))
            assert places > 1000
        metrics = served.server.ask("/metrics")[1]
        log = served.server.stop()
        assert '"/api/v1/referrals/<id>/messages"' in log
        left = [("logs", log.encode()), ("metrics", metrics.encode()), *in_files(tmp_path / "var")]
        assert assert_nowhere(iter(left)) > 10
