"""What was erased and what was closed, remembered outside the database, so that a backup does not bring it back.

A file in the data directory, ``erasures``, with one line of JSON for each: a referral whose content is gone and how it
stands, a key that is revoked, an account or a partner that is disabled. Ids and times only. It is kept for as long as a
backup may be restored (RETENTION_BACKUP_DAYS), and a day more.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Table, and_, func, or_, select, update
from sqlmodel import Session

from directory.config import Settings
from directory.database import Database
from directory.errors import InvalidInput
from directory.partners.models import Account, ApiKey, Partner
from directory.referrals import audit, privacy
from directory.referrals.lifecycle import FINAL
from directory.referrals.models import Referral, ReferralEvent

FILE = "erasures"
BATCH = 500
_BEGAN = "began"  # the first line: since when the file tells of all that there was

_REFERRAL: Table = Referral.__table__  # type: ignore[attr-defined]
_EVENT: Table = ReferralEvent.__table__  # type: ignore[attr-defined]
_ERASING = or_(  # what erases all that was written
    _EVENT.c.action.in_(("erased", "consent-withdrawn")),
    and_(_EVENT.c.action == "step", _EVENT.c.reason == "consent-withdrawn"),
    and_(_EVENT.c.action == "step", _EVENT.c.to_status == "entered-in-error"),
)
_KEY: Table = ApiKey.__table__  # type: ignore[attr-defined]
_CLOSED: dict[str, Table] = {
    "account": Account.__table__,  # type: ignore[attr-defined]
    "partner": Partner.__table__,  # type: ignore[attr-defined]
}

Entry = dict[str, Any]
Entries = dict[tuple[str, UUID], Entry]


def note(settings: Settings, database: Database, now: datetime) -> int:
    """Write down what the database has and the file lacks, and drop what is too old to matter. What the file knows to
    be erased or revoked and the database still has, as after a restore that was cut short, is so again. Answers how
    many entries are new. Several at once wait for each other.
    """
    with _held(settings.ensure_data_dir()):
        before, began = _read(settings.data_dir / FILE)
        apply(database, before, now, also_closed=False)
        since = now - _kept(settings)
        with database.reading() as session:
            found = _of_database(session, since, now)
        # One that is open again is not to be closed by a restore.
        lasting = {
            key: entry for key, entry in before.items() if key[0] not in _CLOSED and _at(entry) >= since
        }
        after = lasting | found
        for key in found.keys() & before.keys():
            if key[0] in _CLOSED:  # of which the database knows no time
                after[key] = before[key]
        if after != before or began is None:
            _write(settings.data_dir / FILE, after, max(began or now, since))
        return len(after.keys() - before.keys())


def read(settings: Settings, another: Path | None = None) -> tuple[Entries, datetime | None]:
    """What is remembered, and since when; None: nothing is. ``another``: a file of another machine's besides. Raises
    InvalidInput where a file is no such file.
    """
    entries, began = _read(settings.data_dir / FILE)
    if another is not None:
        others, began_there = _read(another)
        entries = others | entries
        began = min((moment for moment in (began, began_there) if moment is not None), default=None)
    return entries, began


def apply(database: Database, entries: Entries, now: datetime, *, also_closed: bool = True) -> int:
    """What was erased is erased again, and what was revoked is revoked again; with ``also_closed`` accounts and
    partners that were disabled are so again. Commits batch by batch. Answers how many referrals had to be erased.
    """
    erased = 0
    for some in _batches(entries, "referral"):
        with database.unit_of_work() as session:
            erased += _erase_again(session, some, now)
            session.commit()
    with database.unit_of_work() as session:
        for some in _batches(entries, "key"):
            again = update(_KEY).where(_KEY.c.id.in_(list(some)), _KEY.c.revoked_at.is_(None))
            session.execute(again.values(revoked_at=now))
        for kind, table in _CLOSED.items() if also_closed else ():
            for some in _batches(entries, kind):
                session.execute(update(table).where(table.c.id.in_(list(some))).values(active=False))
        session.commit()
    return erased


def _of_database(session: Session, since: datetime, now: datetime) -> Entries:
    found: Entries = {}
    columns = _REFERRAL.c
    query = select(
        columns.id, columns.erased_at, columns.status, columns.reason, columns.consent_withdrawn_at
    ).where(columns.erased_at >= since)
    for row in session.execute(query):
        found["referral", row.id] = {
            "at": row.erased_at.isoformat(),
            "status": row.status,
            "reason": row.reason,
            "withdrawn": row.consent_withdrawn_at is not None,
        }
    for id, at in session.execute(select(_KEY.c.id, _KEY.c.revoked_at).where(_KEY.c.revoked_at >= since)):
        found["key", id] = {"at": at.isoformat()}
    for kind, table in _CLOSED.items():
        for id in session.scalars(select(table.c.id).where(table.c.active.is_(False))):
            found[kind, id] = {"at": now.isoformat()}
    return found


def _erase_again(session: Session, entries: dict[UUID, Entry], now: datetime) -> int:
    """Those that the database has as they were before; what is written after an erasure is another matter."""
    # The event of the erasure is not in a database of before it, whatever has happened there since.
    erased = select(_EVENT.c.referral_id, func.max(_EVENT.c.at)).where(
        _EVENT.c.referral_id.in_(list(entries))
    )
    rows_known = session.execute(erased.where(_ERASING).group_by(_EVENT.c.referral_id)).all()
    known: dict[UUID, datetime] = {id: at for id, at in rows_known}  # noqa: C416
    missed = [id for id, entry in entries.items() if id not in known or known[id] < _at(entry)]
    query = select(Referral).where(_REFERRAL.c.id.in_(missed)).order_by(_REFERRAL.c.id).with_for_update()
    rows = session.execute(query).scalars().all() if missed else []
    for referral in rows:
        entry, before = entries[referral.id], referral.status
        ends = before not in FINAL and entry["status"] in FINAL
        if ends:
            referral.status, referral.reason, referral.revisit_on = entry["status"], entry["reason"], None
            referral.ended_at = referral.ended_at or now
        if entry["withdrawn"]:
            referral.consent_withdrawn_at = referral.consent_withdrawn_at or now
        privacy.erase(session, referral, now)
        audit.record(
            session,
            referral,
            None,
            "erased",
            now,
            from_status=before if ends else None,
            to_status=referral.status if ends else None,
            reason=referral.reason if ends else None,
        )
    return len(rows)


def _batches(entries: Entries, kind: str) -> Iterator[dict[UUID, Entry]]:
    some = [(key, entry) for (of, key), entry in entries.items() if of == kind]
    for start in range(0, len(some), BATCH):
        yield dict(some[start : start + BATCH])


def _kept(settings: Settings) -> timedelta:
    return timedelta(days=settings.retention_backup_days + 1)


def _at(entry: Entry) -> datetime:
    return datetime.fromisoformat(entry["at"])


def _read(path: Path) -> tuple[Entries, datetime | None]:
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return {}, None
    entries: Entries = {}
    began = None
    try:
        for line in map(orjson.loads, lines):
            at = datetime.fromisoformat(line["at"])
            if at.tzinfo is None:
                raise ValueError(line["at"])
            kind = line.pop("of")
            if kind == _BEGAN:
                began = at
            else:
                entries[kind, UUID(line.pop("id"))] = line
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InvalidInput.of(str(path), "is no record of erasures, or was changed") from None
    return entries, began


def _write(path: Path, entries: Entries, began: datetime) -> None:
    """Aside, and then in its place: whoever is interrupted leaves the one before."""
    lines: Iterable[dict[str, Any]] = (
        {"of": _BEGAN, "at": began.astimezone(UTC).isoformat()},
        *({"of": kind, "id": str(id)} | entry for (kind, id), entry in sorted(entries.items())),
    )
    aside = path.with_name(f"{path.name}.new")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "wb") as file:
        file.writelines(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE) for line in lines)
        file.flush()
        os.fsync(file.fileno())
    os.replace(aside, path)


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
