"""Signing in by password or issuer; who is signed in, and until when."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from argon2 import PasswordHasher
from sqlmodel import Session, select

from directory.database import Database
from directory.errors import SignInFailed, TooManyAttempts
from directory.partners import accounts, lockout, members, partnering, passwords
from directory.partners.access import Role
from directory.partners.models import Account, SignedIn
from tests.factories import NOW
from tests.one_account import (
    CHEAP,
    EMAIL,
    MINUTE,
    PASSWORD,
    VAULT,
    add_counsellor,
    change,
    kept,
    present,
    sign_in,
)


@pytest.fixture
def kari(database: Database) -> UUID:
    return add_counsellor(database)


def test_who_signs_in_is_known_by_the_token_with_roles_and_partner(database: Database, kari: UUID) -> None:
    account, token = sign_in(database, email=" Kari@EXAMPLE.org ")
    found = accounts.who(database, token, NOW)
    assert found is not None
    assert account.id == found.account.id == found.identity.id == kari
    assert found.identity.partner_id == account.partner_id
    assert found.identity.roles == {Role.COUNSELLOR}
    assert not found.identity.is_key
    assert found.until == NOW + accounts.IDLE


def test_whatever_is_wrong_is_answered_alike(database: Database, kari: UUID) -> None:
    said = set()
    for wrong in (
        {"password": PASSWORD + "x"},
        {"password": ""},
        {"password": "x" * 10_000},
        {"password": "\ud800"},
        {"email": "nobody@example.org"},
        {"email": "no address"},
        {"email": "\ud800\x00"},
        {"email": ""},
    ):
        with pytest.raises(SignInFailed) as failed:
            sign_in(database, **wrong)
        said.add(failed.value.detail)
    change(database, kari, active=False)
    with pytest.raises(SignInFailed) as failed:
        sign_in(database, cookie=lockout.remembered(VAULT, EMAIL, "", NOW))
    assert said == {failed.value.detail}


def test_nobody_signs_in_by_a_disabled_partner_or_without_having_chosen_a_password(
    database: Database, kari: UUID
) -> None:
    change(database, kari, password_hash=None)
    with pytest.raises(SignInFailed):
        sign_in(database)
    with pytest.raises(SignInFailed):
        sign_in(database, password="the password of an account that does not exist")
    change(database, kari, password_hash=CHEAP.hash(PASSWORD))
    with database.unit_of_work() as session:
        partnering.set_active(session, partnering.partner_of(session, "clinic"), False, now=NOW)
        session.commit()
    with pytest.raises(SignInFailed):
        sign_in(database)


def test_guessing_has_to_wait_although_it_fails_and_the_right_password_has_to_wait_too(
    database: Database, kari: UUID
) -> None:
    for _ in range(lockout.FREE):
        with pytest.raises(SignInFailed):
            sign_in(database, password="a wrong password")
    with pytest.raises(TooManyAttempts) as waits:
        sign_in(database)
    assert waits.value.wait == 1
    known = lockout.remembered(VAULT, EMAIL, "", NOW)
    sign_in(database, cookie=known)
    sign_in(database, NOW + timedelta(seconds=1))
    with pytest.raises(SignInFailed):
        sign_in(database, NOW + timedelta(seconds=1), password="a wrong password")
    sign_in(database, NOW + timedelta(seconds=1))


def test_a_password_hashed_by_other_parameters_is_hashed_anew_at_sign_in(
    database: Database, kari: UUID
) -> None:
    before = kept(database).password_hash or ""
    with pytest.raises(SignInFailed):
        sign_in(database, password="a wrong password")
    assert kept(database).password_hash == before
    sign_in(database)
    after = kept(database).password_hash or ""
    assert passwords.outdated(before) and not passwords.outdated(after)
    assert after.startswith("$argon2id$")
    sign_in(database)
    assert kept(database).password_hash == after


def test_of_a_token_only_its_hash_is_kept(database: Database, kari: UUID) -> None:
    _, token = sign_in(database)
    assert len(token) >= 43
    with database.reading() as session:
        (row,) = session.exec(select(SignedIn)).all()
    assert token not in row.model_dump_json()


def test_a_sign_in_ends_after_half_an_hour_without_a_request(database: Database, kari: UUID) -> None:
    _, token = sign_in(database)
    assert present(database, token, NOW + accounts.IDLE - MINUTE)
    assert present(database, token, NOW + 2 * accounts.IDLE - 2 * MINUTE)
    assert not present(database, token, NOW + 3 * accounts.IDLE)
    _, token = sign_in(database)
    assert not present(database, token, NOW + accounts.IDLE)


def test_a_sign_in_ends_after_twelve_hours_whatever_happens(database: Database, kari: UUID) -> None:
    _, token = sign_in(database)
    moment = NOW
    while moment + 20 * MINUTE < NOW + accounts.ABSOLUTE:
        moment += 20 * MINUTE
        assert present(database, token, moment)
    found = accounts.who(database, token, moment)
    assert found is not None and found.until == NOW + accounts.ABSOLUTE
    assert not present(database, token, NOW + accounts.ABSOLUTE)


def test_that_something_was_asked_is_written_once_a_minute(database: Database, kari: UUID) -> None:
    _, token = sign_in(database)

    def seen() -> datetime:
        with database.reading() as session:
            return session.exec(select(SignedIn)).one().seen_at

    present(database, token, NOW + MINUTE - timedelta(seconds=1))
    assert seen() == NOW
    present(database, token, NOW + MINUTE)
    assert seen() == NOW + MINUTE


def test_who_signs_out_is_signed_out_here_and_not_elsewhere(database: Database, kari: UUID) -> None:
    (_, here), (_, elsewhere) = sign_in(database), sign_in(database)
    with database.unit_of_work() as session:
        accounts.sign_out(session, here)
        session.commit()
    assert not present(database, here)
    assert present(database, elsewhere)
    for nonsense in ("", "x", "\ud800", elsewhere + "x"):
        assert not present(database, nonsense)


def test_who_is_disabled_is_out_at_once_and_roles_hold_from_the_next_request(
    database: Database, kari: UUID
) -> None:
    _, token = sign_in(database)
    change(database, kari, roles=["editor"])
    found = accounts.who(database, token, NOW)
    assert found is not None and found.identity.roles == {Role.EDITOR}
    change(database, kari, active=False)
    assert not present(database, token)
    with database.unit_of_work() as session:
        members.set_account_active(session, session.get_one(Account, kari), True)
        partnering.partner_of(session, "clinic").active = False
        session.commit()
    assert not present(database, token)


def test_what_has_ended_is_forgotten_at_the_next_sign_in(database: Database, kari: UUID) -> None:
    sign_in(database)
    sign_in(database, NOW + accounts.IDLE)
    with database.reading() as session:
        assert len(session.exec(select(SignedIn)).all()) == 1


def test_a_password_that_is_changed_while_it_is_looked_at_opens_nothing(
    database: Database, kari: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Slow(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> bool:
            change(database, kari, password_hash=CHEAP.hash("et helt annet passord"))
            return super().verify(hash, password)

    monkeypatch.setattr(passwords, "_HASHER", Slow())
    with pytest.raises(SignInFailed):
        sign_in(database)


ISSUER = "https://login.example.org"


def by_issuer(session: Session, subject: str = "s1", **said: Any) -> tuple[Account, str]:
    asked = {"issuer": ISSUER, "email": EMAIL, "email_verified": True, "now": NOW}
    return accounts.sign_in_by_issuer(session, subject=subject, **(asked | said))


def test_an_issuer_vouches_for_an_account_by_its_address_once_and_by_subject_from_then_on(
    database: Database, kari: UUID
) -> None:
    with database.unit_of_work() as session:
        account, token = by_issuer(session)
        session.commit()
    assert account.id == kari
    assert present(database, token)
    with database.unit_of_work() as session:
        again, _ = by_issuer(session, email="married@example.org", email_verified=False)
        assert again.id == kari


@pytest.mark.parametrize(
    "said",
    [
        {"email_verified": False},
        {"email_verified": "true"},
        {"email": None},
        {"email": "nobody@example.org"},
        {"email": "\u212aari@example.org"},
    ],
)
def test_an_issuer_opens_no_account_that_it_has_not_verified(
    database: Database, kari: UUID, said: dict[str, Any]
) -> None:
    with database.unit_of_work() as session, pytest.raises(SignInFailed):
        by_issuer(session, **said)


def test_an_account_that_is_linked_is_taken_by_no_other_subject_or_issuer(
    database: Database, kari: UUID
) -> None:
    with database.unit_of_work() as session:
        by_issuer(session)
        for said in ({"subject": "s2"}, {"issuer": "https://other.example.org"}):
            with pytest.raises(SignInFailed):
                by_issuer(session, **said)


def test_an_issuer_opens_no_account_that_is_disabled(database: Database, kari: UUID) -> None:
    with database.unit_of_work() as session:
        by_issuer(session)
        session.commit()
    change(database, kari, active=False)
    with database.unit_of_work() as session, pytest.raises(SignInFailed):
        by_issuer(session)
