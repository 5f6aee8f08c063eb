"""What must be done once is done once, however often it is asked for: requests that carry an Idempotency-Key.

As in the IETF's draft-ietf-httpapi-idempotency-key-header: the key is remembered with a keyed hash of the request, and
the answer, sealed, is committed together with the work. Whoever asks again gets that answer; whoever comes while the
first is still at work is told so. A key is known to one account or one API key only: nobody gets another's answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, Table, delete, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from directory.database import Database
from directory.encryption import Vault
from directory.errors import IdempotencyKeyMissing, IdempotencyKeyReused, StillRunning
from directory.partners.models import IdempotentRequest

KEPT = timedelta(hours=24)
# Whoever began so long ago is most likely no longer there; if it is, it finds its place taken and leaves nothing.
PATIENCE = timedelta(seconds=60)
_REQUESTS: Table = IdempotentRequest.__table__  # type: ignore[attr-defined]
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered, as it is sent. ``headers``: those that belong to the work, such as Location and ETag."""

    status: int
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: by whom, with which key, for what. Hashes only."""

    actor_id: UUID
    key_hash: str
    request_hash: str


def asked(vault: Vault, actor_id: UUID, key: str | None, method: str, path: str, body: Any) -> Asked:
    """``body``: the request's JSON, read; two that mean the same are the same. Raises IdempotencyKeyMissing."""
    if key is None or not _KEY.fullmatch(key):
        raise IdempotencyKeyMissing(
            "This request takes a header Idempotency-Key (1 to 255 visible characters), new for each thing to be done."
        )
    meant = json.dumps([method, path, body], sort_keys=True)
    return Asked(actor_id, sha256(key.encode()).hexdigest(), vault.hash("idempotent request", meant))


def once(
    database: Database, vault: Vault, request: Asked, now: datetime, work: Callable[[Session], Answer]
) -> Answer:
    """The answer of ``work``, which is done, and committed with its answer, unless it was already.

    Work that raises leaves nothing behind: the mended request may come with the same key. Raises StillRunning,
    IdempotencyKeyReused, and what ``work`` raises.
    """
    answer = _begin(database, vault, request, now)
    if answer is not None:
        return answer
    try:
        with database.unit_of_work() as session:
            answer = work(session)
            _finish(session, vault, request, now, answer)
            session.commit()
            return answer
    except Exception:
        with database.unit_of_work() as session:
            session.execute(delete(_REQUESTS).where(*_running(request, now)))
            session.commit()
        raise


def _begin(database: Database, vault: Vault, request: Asked, now: datetime) -> Answer | None:
    """What was answered before; None: it is the caller's to be done."""
    with database.unit_of_work() as session:
        purge(session, now)
        if _taken(session, request, now):
            session.commit()
            return None
        row = session.execute(select(_REQUESTS).where(*_named(request))).one_or_none()
        if row is not None and row.request_hash != request.request_hash:
            raise IdempotencyKeyReused(
                "This Idempotency-Key came with another request before. Take a new one for each thing to be done."
            )
        if row is not None and row.status is not None:
            return Answer(row.status, row.headers, str(vault.open(row.body)))
        if row is not None and abs(now - row.began_at) >= PATIENCE:
            over = update(_REQUESTS).where(*_running(request, row.began_at)).values(began_at=now)
            if _changed(session, over):
                session.commit()
                return None
        raise StillRunning("The first request with this Idempotency-Key is still being answered.")


def _taken(session: Session, request: Asked, now: datetime) -> bool:
    row = {
        "actor_id": request.actor_id,
        "key_hash": request.key_hash,
        "request_hash": request.request_hash,
        "began_at": now,
    }
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    new = dialect.insert(_REQUESTS).values(row).on_conflict_do_nothing().returning(_REQUESTS.c.began_at)
    return session.execute(new).first() is not None


def _finish(session: Session, vault: Vault, request: Asked, began_at: datetime, answer: Answer) -> None:
    """Raises StillRunning where another has taken it over meanwhile, so that only one of the two is committed."""
    done = {"status": answer.status, "headers": dict(answer.headers), "body": vault.seal(answer.body)}
    if not _changed(session, update(_REQUESTS).where(*_running(request, began_at)).values(done)):
        raise StillRunning("The first request with this Idempotency-Key is still being answered.")


def _named(request: Asked) -> tuple[ColumnElement[bool], ...]:
    return _REQUESTS.c.actor_id == request.actor_id, _REQUESTS.c.key_hash == request.key_hash


def _running(request: Asked, began_at: datetime) -> tuple[ColumnElement[bool], ...]:
    """The row, as long as it is at work for whoever began then."""
    return *_named(request), _REQUESTS.c.began_at == began_at, _REQUESTS.c.status.is_(None)


def _changed(session: Session, statement: Any) -> bool:
    return session.execute(statement).rowcount == 1  # type: ignore[attr-defined]


def purge(session: Session, now: datetime) -> int:
    """Forget what was asked more than 24 hours ago, in the caller's transaction. Returns how many requests."""
    key = _REQUESTS.c.actor_id, _REQUESTS.c.key_hash
    # Two that purge at the same time do not wait for each other.
    outlived = select(*key).where(_REQUESTS.c.began_at < now - KEPT).with_for_update(skip_locked=True)
    return session.execute(delete(_REQUESTS).where(tuple_(*key).in_(outlived))).rowcount  # type: ignore[attr-defined]


def places(session: Session) -> set[str]:
    """What the kept answers are about: the Location header of each that has one."""
    location = _REQUESTS.c.headers["Location"].as_string()
    return set(session.execute(select(location).where(location.is_not(None))).scalars())


def blank(session: Session, vault: Vault, location: str, fields: frozenset[str]) -> int:
    """What was answered about the thing at ``location`` (as its header has it) no longer tells these fields of the
    body: null takes their place, in the caller's transaction. Returns how many answers changed."""
    columns, changed = _REQUESTS.c, 0
    about = columns.status.is_not(None), columns.headers["Location"].as_string() == location
    for row in session.execute(select(_REQUESTS).where(*about).with_for_update()).all():
        body = orjson.loads(str(vault.open(row.body)))
        told = {name for name in fields if body.get(name) is not None}
        if told:
            _reseal(session, row, vault.seal(orjson.dumps(body | dict.fromkeys(told)).decode()))
            changed += 1
    return changed


def reencrypt(session: Session, vault: Vault) -> int:
    """Seal by the newest key what an older one sealed, in the caller's transaction. Returns how many answers.

    What is blanked meanwhile is left as it then is.
    """
    renewed = 0
    for row in session.execute(select(_REQUESTS).where(_REQUESTS.c.status.is_not(None))).all():
        if (sealed := vault.renewed(row.body)) is not None:
            _reseal(session, row, sealed)
            renewed += 1
    return renewed


def _reseal(session: Session, row: Any, body: bytes) -> None:
    columns = _REQUESTS.c
    of_row = columns.actor_id == row.actor_id, columns.key_hash == row.key_hash, columns.body == row.body
    session.execute(update(_REQUESTS).where(*of_row).values(body=body))
