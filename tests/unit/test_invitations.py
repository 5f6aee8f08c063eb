"""One-time links: invitations, and leave to choose another password."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import UUID

import pytest
from argon2 import PasswordHasher
from sqlmodel import select

from directory.database import Database
from directory.errors import Conflict, InvalidInput, NotFound, SignInFailed
from directory.partners import invitations, members, passwords
from directory.partners.models import OneTimeLink
from tests.factories import NOW
from tests.one_account import (
    CHEAP,
    EMAIL,
    MINUTE,
    PASSWORD,
    add_counsellor,
    change,
    enrolled,
    kept,
    link,
    present,
    sign_in,
)


@pytest.fixture
def kari(database: Database) -> UUID:
    return add_counsellor(database)


def test_an_invitation_opens_the_account_once_within_a_week(database: Database) -> None:
    with database.unit_of_work() as session:
        account = members.add_account(session, email=EMAIL, roles=["admin"], partner=None, now=NOW)
        token = invitations.invite(session, account, NOW)
        session.commit()
    week = timedelta(days=7)
    with pytest.raises(NotFound):
        invitations.choose_password(database, token, PASSWORD, NOW + week)
    chosen = invitations.choose_password(database, token, PASSWORD, NOW + week - MINUTE)
    assert chosen.email == EMAIL
    with pytest.raises(NotFound):
        invitations.choose_password(database, token, PASSWORD, NOW)
    assert (kept(database).password_hash or "").startswith("$argon2id$")
    sign_in(database)


def test_of_a_link_only_its_hash_is_kept(database: Database, kari: UUID) -> None:
    token = link(database, kari)
    assert len(token) >= 43
    with database.reading() as session:
        assert token not in session.exec(select(OneTimeLink)).one().model_dump_json()


def test_choosing_a_password_ends_all_sign_ins_and_needs_the_device_still(
    database: Database, kari: UUID
) -> None:
    _, token = sign_in(database)
    device = enrolled(database, kari)
    invitations.choose_password(database, link(database, kari), "et helt annet passord", NOW)
    assert not present(database, token)
    with pytest.raises(SignInFailed):
        sign_in(database, code=device.at(NOW))
    with pytest.raises(SignInFailed):
        sign_in(database, password="et helt annet passord")
    sign_in(database, password="et helt annet passord", code=device.at(NOW))


def test_who_has_lost_the_device_is_asked_for_no_codes_once_a_password_is_chosen(
    database: Database, kari: UUID
) -> None:
    enrolled(database, kari)
    token = link(database, kari, forget_codes=True)
    assert kept(database).totp_confirmed, "a link that nobody used changes nothing"
    invitations.choose_password(database, token, "et helt annet passord", NOW)
    sign_in(database, password="et helt annet passord")


def test_a_new_link_ends_the_one_before_and_a_reset_lasts_an_hour(database: Database, kari: UUID) -> None:
    first, second = link(database, kari), link(database, kari)
    with pytest.raises(NotFound):
        invitations.choose_password(database, first, PASSWORD, NOW)
    with pytest.raises(NotFound):
        invitations.choose_password(database, second, PASSWORD, NOW + timedelta(hours=1))


def test_a_password_that_is_refused_leaves_the_link_as_it_is(database: Database, kari: UUID) -> None:
    token = link(database, kari)
    with pytest.raises(InvalidInput) as refused:
        invitations.choose_password(database, token, "short", NOW)
    assert refused.value.errors == {"password": ["takes 12 to 256 characters"]}
    invitations.choose_password(database, token, PASSWORD, NOW)


def test_a_link_of_somebody_who_was_disabled_opens_nothing(database: Database, kari: UUID) -> None:
    token = link(database, kari)
    change(database, kari, active=False)
    with pytest.raises(NotFound):
        invitations.choose_password(database, token, PASSWORD, NOW)
    with pytest.raises(Conflict, match="disabled"):
        link(database, kari)


def test_of_one_link_used_several_times_at_once_one_chooses(
    database: Database, kari: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, hashed = link(database, kari), Barrier(6)

    class Together(PasswordHasher):
        def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
            hashed.wait(60)
            return CHEAP.hash(password)

    def works(number: int) -> bool:
        try:
            invitations.choose_password(database, token, f"fire ord som er ulike {number}", NOW)
        except NotFound:
            return False
        return True

    monkeypatch.setattr(passwords, "_HASHER", Together())
    with ThreadPoolExecutor(6) as threads:
        assert sum(threads.map(works, range(6))) == 1


@pytest.mark.parametrize("nonsense", ["", "x", "\ud800"])
def test_what_is_no_link_opens_nothing(database: Database, kari: UUID, nonsense: str) -> None:
    with pytest.raises(NotFound):
        invitations.choose_password(database, nonsense, PASSWORD, NOW)


def test_a_link_has_its_token_where_no_server_sees_it() -> None:
    base = "https://help.example.org"
    assert invitations.address_of(base, "invitation", "t") == f"{base}/desk/invitation#t"
    assert invitations.address_of(base, "recovery", "t") == f"{base}/desk/reset#t"
