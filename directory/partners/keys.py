"""Keys by which a partner's systems ask: shown once, kept as their SHA-256, scoped, rotated with overlap.

A key is ``veiviser_``, 43 random characters (62^43 > 2^256) and six of a checksum, so that a slip is told from a guess,
and a key that got out is recognised wherever it stands.
"""

from __future__ import annotations

import secrets
import string
import zlib
from collections.abc import Collection
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from sqlalchemy import Table, or_, update
from sqlmodel import Session, col, select

from directory.database import Database
from directory.errors import Conflict, InvalidInput, NotFound
from directory.partners.access import Identity, Scope
from directory.partners.models import ApiKey, Partner

PREFIX = "veiviser_"
HINT = 14  # characters, by which people tell keys apart
OVERLAP = timedelta(days=7)
LONGEST_OVERLAP = timedelta(days=90)
LONGEST_LABEL = 100  # characters

_DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_RANDOM, _CHECK = 43, 6
_KEY: Table = ApiKey.__table__  # type: ignore[attr-defined]


def create(
    session: Session, partner: Partner, *, label: str, scopes: Collection[str], now: datetime
) -> tuple[ApiKey, str]:
    """A new key, and its text, which can't be had again. Raises InvalidInput on ``label`` and ``scopes``,
    Conflict when the partner is disabled.
    """
    errors: dict[str, list[str]] = {}
    label = " ".join(label.split())
    known = [scope.value for scope in Scope]
    if not 0 < len(label) <= LONGEST_LABEL or not label.isprintable():
        errors["label"] = [f"takes 1 to {LONGEST_LABEL} characters that say what uses the key"]
    if unknown := sorted(set(scopes) - set(known)):
        errors["scopes"] = [f"takes {', '.join(known)}; there is no {', '.join(unknown)}"]
    elif not scopes:
        errors["scopes"] = [f"takes one or more of {', '.join(known)}"]
    if errors:
        raise InvalidInput(errors)
    if not partner.active:
        raise Conflict(f"The partner {partner.slug} is disabled.")
    return _new(session, partner.id, label, sorted(set(scopes)), now)


def rotate(
    session: Session, key: ApiKey, *, now: datetime, overlap: timedelta = OVERLAP
) -> tuple[ApiKey, str]:
    """Another key of the same scopes, and its text; the old one goes on for ``overlap`` and then ends. Raises
    InvalidInput on ``overlap_days``, Conflict when the key is revoked or has ended.
    """
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise InvalidInput.of("overlap_days", f"takes 0 to {LONGEST_OVERLAP.days}")
    _refuse_dead(key, now)
    end = now + overlap
    key.expires_at = min(key.expires_at or end, end)
    session.add(key)
    session.flush()
    return _new(session, key.partner_id, key.label, key.scopes, now)


def revoke(session: Session, key: ApiKey, *, now: datetime) -> None:
    """The key is dead from the commit on. Raises Conflict when it was already."""
    if key.revoked_at is not None:
        raise Conflict(f"The key {key.hint}… was revoked on {key.revoked_at.date()} already.")
    key.revoked_at = now
    session.add(key)
    session.flush()


def keys_of(session: Session, partner_id: UUID | None = None) -> list[ApiKey]:
    """The keys of a partner, or of all, also those that have ended; the oldest first."""
    query = select(ApiKey).order_by(col(ApiKey.created_at), col(ApiKey.id))
    return list(session.exec(query if partner_id is None else query.where(ApiKey.partner_id == partner_id)))


def key_of(session: Session, id_or_hint: str, partner_id: UUID | None = None) -> ApiKey:
    """One key, for changing it: by its id, its hint, or (where it got out) itself; among those of one partner, where
    that is given. Raises NotFound, and Conflict when several keys begin like this.
    """
    try:
        is_it = col(ApiKey.id) == UUID(id_or_hint)
    except ValueError:
        hint = id_or_hint.rstrip("…")
        is_it = col(ApiKey.key_hash) == _hash(hint) if looks_like_key(hint) else col(ApiKey.hint) == hint
    query = select(ApiKey).where(is_it).with_for_update()
    found = list(session.exec(query if partner_id is None else query.where(ApiKey.partner_id == partner_id)))
    if not found:
        # What was typed may be most of a key, and is not said again.
        raise NotFound("There is no such key: name it by its id, or by its first characters as listed.")
    if len(found) > 1:
        raise Conflict("Several keys begin like this. Name the key by its id.")
    return found[0]


def identity_of(database: Database, text: str, now: datetime) -> Identity | None:
    """Who asks by this key; None when nobody may, any more or at all. Commits when it notes the first use of a day
    (UTC); otherwise it only reads.
    """
    if not looks_like_key(text):
        return None
    query = (
        select(ApiKey)
        .join(Partner, col(Partner.id) == col(ApiKey.partner_id))
        .where(ApiKey.key_hash == _hash(text), col(ApiKey.revoked_at).is_(None), col(Partner.active))
    )
    with database.reading() as session:
        key = session.exec(query).first()
    if key is None or _has_ended(key, now):
        return None
    today = now.date()
    if key.used_on is None or key.used_on < today:
        with database.unit_of_work() as session:
            first = or_(_KEY.c.used_on.is_(None), _KEY.c.used_on < today)
            session.execute(update(_KEY).where(_KEY.c.id == key.id, first).values(used_on=today))
            session.commit()
    return Identity(
        key.id, key.partner_id, scopes=frozenset(Scope(scope) for scope in key.scopes), is_key=True
    )


def looks_like_key(text: str) -> bool:
    """Whether it has the form of a key, and its checksum. Asks no database."""
    body, check = text[:-_CHECK], text[-_CHECK:]
    if not text.startswith(PREFIX) or len(text) != len(PREFIX) + _RANDOM + _CHECK or not text.isascii():
        return False
    return check == _checksum(body)


def state(key: ApiKey, now: datetime) -> str:
    """active, ending (rotated: ends at ``expires_at``), ended or revoked."""
    if key.revoked_at is not None:
        return "revoked"
    if _has_ended(key, now):
        return "ended"
    return "active" if key.expires_at is None else "ending"


def _new(
    session: Session, partner_id: UUID, label: str, scopes: list[str], now: datetime
) -> tuple[ApiKey, str]:
    body = PREFIX + "".join(secrets.choice(_DIGITS) for _ in range(_RANDOM))
    text = body + _checksum(body)
    key = ApiKey(
        partner_id=partner_id,
        label=label,
        hint=text[:HINT],
        key_hash=_hash(text),
        scopes=scopes,
        created_at=now,
    )
    session.add(key)
    session.flush()
    return key, text


def _refuse_dead(key: ApiKey, now: datetime) -> None:
    if key.revoked_at is not None or _has_ended(key, now):
        raise Conflict(f"The key {key.hint}… holds no more. Make a new one.")


def _has_ended(key: ApiKey, now: datetime) -> bool:
    return key.expires_at is not None and key.expires_at <= now


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _checksum(body: str) -> str:
    number, digits = zlib.crc32(body.encode()), ""
    for _ in range(_CHECK):
        number, digit = divmod(number, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return digits
