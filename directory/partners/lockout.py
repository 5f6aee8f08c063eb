"""Slowing those who guess, without letting anybody lock others out.

After OWASP's "device cookies" (owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies): a
browser from which somebody has signed in is known for that account, and has a count of its own. All other browsers
share one count for the account, so that guessing from a thousand addresses wins nothing; whoever owns the account and
comes from a known browser is not touched by it. Who guesses for many accounts is slowed by a count for the network.

An attempt is counted before it is looked at, so that attempts at the same time can't pass together, and taken back when
it was right. Nothing tells whether the account exists: unknown addresses are counted alike. All that is kept are keyed
hashes.
"""

from __future__ import annotations

import hmac
import ipaddress
import math
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Table, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from directory.encryption import Vault
from directory.errors import TooManyAttempts
from directory.partners.models import SignInFailures

FREE = 5  # wrong attempts before the first wait
FREE_OF_A_NETWORK = 50  # a whole office may stand behind one address
FREE_CODES = 10
LONGEST_WAIT = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(days=1)  # without another attempt
DEVICE_KNOWN_FOR = timedelta(days=365)
DEVICES_IN_A_COOKIE = 5  # people who share a browser

_TOKEN = re.compile(r"[0-9a-f]{32}\.[0-9]{1,12}\.[0-9a-f]{64}")  # name, since when (Unix time), seal
_TABLE: Table = SignInFailures.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True, order=True)
class Count:
    """One count of attempts. ``pardons``: one right attempt clears it; else that attempt alone is taken back."""

    what: str
    source: str
    free: int = FREE
    pardons: bool = True


def of_signing_in(vault: Vault, email: str, *, network: str, cookie: str, now: datetime) -> tuple[Count, ...]:
    """What a sign-in counts on. ``network``: the asker's address. ``cookie``: see ``remembered``."""
    account = vault.hash("sign-in", email)
    device = known_device(vault, email, cookie, now)
    if device is not None:
        return (Count(account, f"device:{vault.hash('device-count', device)}"),)
    return Count(account, "elsewhere"), of_a_network(vault, network)


def of_a_network(vault: Vault, address: str) -> Count:
    """``address``: IPv4, or IPv6, of which a household has the first 64 bits."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
        prefix = 64 if parsed.version == 6 else 32
        network = str(ipaddress.ip_network((parsed, prefix), strict=False))
    except ValueError:
        network = "unknown"
    return Count(vault.hash("network", network), "network", FREE_OF_A_NETWORK, pardons=False)


def of_redeeming(vault: Vault, partner_id: UUID, identity_id: UUID) -> tuple[Count, ...]:
    """What guessing the code of a carried referral counts on: the person or key, and the partner as a whole."""
    return (
        Count(vault.hash("redeem", str(identity_id)), "identity", FREE_CODES, pardons=False),
        Count(vault.hash("redeem", str(partner_id)), "partner", FREE_CODES, pardons=False),
    )


def of_a_code(vault: Vault, account_id: UUID) -> tuple[Count, ...]:
    """What guessing a one-time code counts on, of somebody who is signed in already."""
    return (Count(vault.hash("one-time-code", str(account_id)), "signed-in"),)


def attempt(session: Session, counts: Sequence[Count], now: datetime) -> None:
    """Count one attempt on each. The caller commits before looking at the attempt, and calls ``succeeded`` when it was
    right. Raises TooManyAttempts, and counts nothing, while one of them has to wait.
    """
    insert = (postgresql if session.get_bind().dialect.name == "postgresql" else sqlite).insert
    keys = sorted(set(counts))  # all in one order, so that two attempts wait for each other and not in a ring
    for count in keys:
        empty = {"account": count.what, "source": count.source, "failures": 0, "last_at": now}
        session.execute(insert(_TABLE).values(empty).on_conflict_do_nothing())
    found = {count: _row(session, count) for count in keys}
    waits = [
        (row.until - now).total_seconds()
        for row in found.values()
        # One whose last attempt is yet to come was made by a clock that has been set back.
        if row.until is not None and row.last_at <= now < row.until
    ]
    if waits:
        raise TooManyAttempts(math.ceil(max(waits)))
    for count, row in found.items():
        old = now - row.last_at >= FORGOTTEN_AFTER
        _set(session, count, 1 if old else row.failures + 1, now)


def succeeded(session: Session, counts: Sequence[Count], now: datetime) -> None:
    """The attempt that was counted last was right."""
    for count in sorted(set(counts)):
        if count.pardons:
            session.execute(delete(_TABLE).where(*_is(count)))
            continue
        row = _row(session, count)
        if row is not None:
            _set(session, count, max(0, row.failures - 1), row.last_at)


def forget_old(session: Session, now: datetime) -> int:
    """Take away the counts that count for nothing any more; returns how many."""
    done = session.execute(delete(_TABLE).where(_TABLE.c.last_at <= now - FORGOTTEN_AFTER))
    return int(done.rowcount)  # type: ignore[attr-defined]


def wait_after(failures: int, free: int = FREE) -> timedelta:
    """How long nothing is looked at after so many wrong attempts: nothing, then 1, 2, 4 … seconds."""
    if failures < free:
        return timedelta(0)
    return min(LONGEST_WAIT, timedelta(seconds=2 ** min(failures - free, 20)))


def known_device(vault: Vault, email: str, cookie: str, now: datetime) -> str | None:
    """The name of this browser for this account, if somebody has signed in to the account from it within a year."""
    for token in _tokens(cookie):
        name, since, seal = token.split(".")
        if hmac.compare_digest(seal, _seal(vault, email, name, since)):
            age = now - datetime.fromtimestamp(int(since), now.tzinfo)
            if timedelta(0) <= age < DEVICE_KNOWN_FOR:
                return name
    return None


def remembered(vault: Vault, email: str, cookie: str, now: datetime) -> str:
    """What the browser's cookie is to hold from now on, as somebody has signed in to this account: a token for it,
    before those that it holds for others. It tells nobody who they are. Lives for DEVICE_KNOWN_FOR.
    """
    known = known_device(vault, email, cookie, now)
    name, since = known or secrets.token_hex(16), str(int(now.timestamp()))
    others = [token for token in _tokens(cookie) if token.partition(".")[0] != name]
    return "~".join(
        [f"{name}.{since}.{_seal(vault, email, name, since)}", *others[: DEVICES_IN_A_COOKIE - 1]]
    )


def _tokens(cookie: str) -> list[str]:
    """Those in the cookie that look like ours; whatever else it holds is not sent back."""
    return [token for token in cookie.split("~")[:DEVICES_IN_A_COOKIE] if _TOKEN.fullmatch(token)]


def _seal(vault: Vault, email: str, name: str, since: str) -> str:
    return vault.hash("device", f"{name}.{since}.{email}")


def _is(count: Count) -> tuple[Any, Any]:
    return _TABLE.c.account == count.what, _TABLE.c.source == count.source


def _row(session: Session, count: Count) -> Any:
    return session.execute(select(*_TABLE.c).where(*_is(count)).with_for_update()).first()


def _set(session: Session, count: Count, failures: int, last_at: datetime) -> None:
    wait = wait_after(failures, count.free)
    until = last_at + wait if wait else None
    changed = {"failures": failures, "last_at": last_at, "until": until}
    session.execute(update(_TABLE).where(*_is(count)).values(changed))
