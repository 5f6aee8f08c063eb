"""Signing in: passwords, one-time codes, links, issuers; who is signed in, and until when."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pyotp
import pytest
from argon2 import PasswordHasher
from cryptography.fernet import Fernet
from sqlmodel import Session, select

from directory.config import DEVELOPMENT_ENCRYPTION_KEY
from directory.database import Database
from directory.encryption import Vault
from directory.errors import Conflict, InvalidInput, NotFound, SignInFailed, TooManyAttempts, UnsafeSettings
from directory.partners import accounts, invitations, lockout, members, one_time_codes, partnering, passwords
from directory.partners.access import Role
from directory.partners.models import Account, OneTimeLink, SignedIn
from tests.factories import NOW

VAULT = Vault([DEVELOPMENT_ENCRYPTION_KEY], "a key for hashes")
EMAIL, PASSWORD = "kari@example.org", "fire ord som er ulike"
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)  # as one of long ago
MINUTE = timedelta(minutes=1)
STEP = timedelta(seconds=one_time_codes.STEP_S)


@pytest.fixture
def kari(database: Database) -> UUID:
    """The id of a counsellor who has a password."""
    with database.unit_of_work() as session:
        partner = partnering.add_partner(session, slug="clinic", name="Clinic", organizations=(), now=NOW)
        account = members.add_account(session, email=EMAIL, roles=["counsellor"], partner=partner, now=NOW)
        account.password_hash = CHEAP.hash(PASSWORD)
        session.commit()
    return account.id


def sign_in(database: Database, now: datetime = NOW, **said: Any) -> tuple[Account, str]:
    asked = {"email": EMAIL, "password": PASSWORD, "code": None, "network": "192.0.2.1", "cookie": ""}
    return accounts.sign_in(database, VAULT, **(asked | said), now=now)


def present(database: Database, token: str, now: datetime = NOW) -> bool:
    return accounts.who(database, token, now) is not None


def kept(database: Database) -> Account:
    with database.reading() as session:
        return session.exec(select(Account)).one()


def change(database: Database, id: UUID, **values: Any) -> None:
    with database.unit_of_work() as session:
        account = session.get_one(Account, id)
        for name, value in values.items():
            setattr(account, name, value)
        session.commit()


def enrolled(database: Database, kari: UUID) -> pyotp.TOTP:
    """The owner's device, after it was confirmed in the step before."""
    with database.unit_of_work() as session:
        device = pyotp.TOTP(one_time_codes.start(session, VAULT, kari).secret)
        one_time_codes.confirm(session, VAULT, kari, device.at(NOW - 2 * STEP), NOW - 2 * STEP)
        session.commit()
    return device


def link(database: Database, kari: UUID, now: datetime = NOW, *, forget_codes: bool = False) -> str:
    with database.unit_of_work() as session:
        token = invitations.reset(session, session.get_one(Account, kari), now, forget_codes=forget_codes)
        session.commit()
    return token


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
        partnering.set_active(session, partnering.partner_of(session, "clinic"), False)
        session.commit()
    with pytest.raises(SignInFailed):
        sign_in(database)


def test_a_password_costs_the_same_whether_there_is_such_an_account_or_not(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified: list[str] = []

    class Counting(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> bool:
            verified.append(str(hash).rpartition("$")[0].rpartition("$")[0])
            return super().verify(hash, password)

    monkeypatch.setattr(passwords, "_HASHER", Counting())
    assert not passwords.matches(None, PASSWORD)
    assert passwords.matches(passwords.hashed(PASSWORD), PASSWORD)
    assert not passwords.matches(passwords.hashed(PASSWORD), "x" * 1000)
    assert len(verified) == 3
    assert len(set(verified)) == 1, "all by the same parameters"


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


def test_a_code_counts_from_when_it_is_confirmed_and_is_then_asked_for(
    database: Database, kari: UUID
) -> None:
    with database.unit_of_work() as session:
        enrolment = one_time_codes.start(session, VAULT, kari)
        assert enrolment.secret in enrolment.uri and "kari%40example.org" in enrolment.uri
        session.commit()
    device = pyotp.TOTP(enrolment.secret)
    sign_in(database)
    with database.unit_of_work() as session:
        with pytest.raises(InvalidInput) as refused:
            one_time_codes.confirm(session, VAULT, kari, "12345", NOW)
        assert set(refused.value.errors) == {"code"}
        one_time_codes.confirm(session, VAULT, kari, device.at(NOW), NOW)
        session.commit()
    later = NOW + STEP
    for code in (None, "", "000000" if device.at(later) != "000000" else "111111", "٠" * 6):
        with pytest.raises(SignInFailed):
            sign_in(database, later, code=code)
    shown = device.at(later)
    sign_in(
        database, later, code=f"{shown[:3]} {shown[3:]}", cookie=lockout.remembered(VAULT, EMAIL, "", NOW)
    )


def test_no_code_is_taken_twice_nor_one_before_it(database: Database, kari: UUID) -> None:
    device = enrolled(database, kari)
    sign_in(database, code=device.at(NOW))
    for code in (device.at(NOW), device.at(NOW - STEP)):
        with pytest.raises(SignInFailed):
            sign_in(database, code=code)
    sign_in(database, NOW + STEP, code=device.at(NOW + STEP))


def test_the_code_that_was_confirmed_by_does_not_sign_in(database: Database, kari: UUID) -> None:
    device = enrolled(database, kari)
    with pytest.raises(SignInFailed):
        sign_in(database, NOW - 2 * STEP, code=device.at(NOW - 2 * STEP))


@pytest.mark.parametrize(("steps", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_clocks_may_differ_by_one_step(steps: int, taken: bool) -> None:
    secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    account = Account(email=EMAIL, created_at=NOW, totp_secret=VAULT.seal(secret))
    code = pyotp.TOTP(secret).at(NOW + steps * STEP)
    assert one_time_codes.take(VAULT, account, code, NOW) is taken


def test_of_one_code_sent_twice_at_once_one_signs_in(database: Database, kari: UUID) -> None:
    device = enrolled(database, kari)

    def works(_: int) -> bool:
        try:
            sign_in(database, code=device.at(NOW), cookie=lockout.remembered(VAULT, EMAIL, "", NOW))
        except SignInFailed:
            return False
        return True

    with ThreadPoolExecutor(3) as threads:
        assert sum(threads.map(works, range(3))) == 1


def test_guessing_codes_has_to_wait_like_guessing_passwords(database: Database, kari: UUID) -> None:
    enrolled(database, kari)
    for _ in range(lockout.FREE):
        with pytest.raises(SignInFailed):
            sign_in(database, code="12345")
    with pytest.raises(TooManyAttempts):
        sign_in(database, code="12345")


def test_a_second_device_takes_the_code_of_the_first(database: Database, kari: UUID) -> None:
    device = enrolled(database, kari)
    with database.unit_of_work() as session, pytest.raises(Conflict):
        one_time_codes.start(session, VAULT, kari)
    with pytest.raises(InvalidInput):
        one_time_codes.remove(database, VAULT, kari, "12345", NOW)
    one_time_codes.remove(database, VAULT, kari, device.at(NOW), NOW)
    sign_in(database)
    with pytest.raises(Conflict):
        one_time_codes.remove(database, VAULT, kari, device.at(NOW + STEP), NOW + STEP)
    with database.unit_of_work() as session:
        one_time_codes.start(session, VAULT, kari)


def test_guessing_the_code_that_ends_asking_for_codes_has_to_wait(database: Database, kari: UUID) -> None:
    device = enrolled(database, kari)
    for _ in range(lockout.FREE):
        with pytest.raises(InvalidInput):
            one_time_codes.remove(database, VAULT, kari, "12345", NOW)
    with pytest.raises(TooManyAttempts):
        one_time_codes.remove(database, VAULT, kari, device.at(NOW), NOW)
    assert kept(database).totp_confirmed


def test_there_is_nothing_to_confirm_before_a_start_and_after_an_end(database: Database, kari: UUID) -> None:
    with database.unit_of_work() as session, pytest.raises(Conflict):
        one_time_codes.confirm(session, VAULT, kari, "123456", NOW)
    device = enrolled(database, kari)
    with database.unit_of_work() as session, pytest.raises(Conflict):
        one_time_codes.confirm(session, VAULT, kari, device.at(NOW), NOW)


def test_a_secret_is_sealed_and_reencrypted(database: Database, kari: UUID) -> None:
    device = enrolled(database, kari)
    new = Fernet.generate_key().decode()
    assert device.secret.encode() not in (kept(database).totp_secret or b"")
    with database.unit_of_work() as session:
        with pytest.raises(UnsafeSettings):
            one_time_codes.reencrypt(session, Vault([new], "h"))
        both = Vault([new, DEVELOPMENT_ENCRYPTION_KEY], "h")
        assert [one_time_codes.reencrypt(session, both) for _ in range(2)] == [1, 0]
        session.commit()
    assert Vault([new], "h").open(kept(database).totp_secret or b"") == device.secret


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


def test_of_one_link_used_twice_at_once_one_chooses(database: Database, kari: UUID) -> None:
    token = link(database, kari)

    def works(number: int) -> bool:
        try:
            invitations.choose_password(database, token, f"fire ord som er ulike {number}", NOW)
        except NotFound:
            return False
        return True

    with ThreadPoolExecutor(3) as threads:
        assert sum(threads.map(works, range(3))) == 1


@pytest.mark.parametrize("nonsense", ["", "x", "\ud800"])
def test_what_is_no_link_opens_nothing(database: Database, kari: UUID, nonsense: str) -> None:
    with pytest.raises(NotFound):
        invitations.choose_password(database, nonsense, PASSWORD, NOW)


def test_a_link_has_its_token_where_no_server_sees_it() -> None:
    base = "https://help.example.org"
    assert invitations.address_of(base, "invitation", "t") == f"{base}/desk/invitation#t"
    assert invitations.address_of(base, "recovery", "t") == f"{base}/desk/reset#t"


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


@pytest.mark.parametrize(
    "password",
    [
        "elleve tegn",
        "x" * 257,
        EMAIL,
        EMAIL.upper(),
        "kari@example.org1",
        "passord12345",
        "Passord 1234567",
        "QWERTY-123456",
        "Velkommen1234!",
        "Sommer2026!!",
        "aaaaaaaaaaaaaaa",
        "abcabcabcabcabc",
        "123456789012",
        "987654321098",
        "abcdefghijklmno",
        "qwertyuiopåa",
        "half a pair \ud800 of",
    ],
)
def test_passwords_that_are_tried_first_are_refused(password: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        passwords.refuse_weak(password, EMAIL)
    assert set(refused.value.errors) == {"password"}


@pytest.mark.parametrize(
    "password",
    [
        "fire ord som er ulike",
        "tolv tegn ja",
        "四つの単語があればいいと思う",
        "x9#Kd0!mQz2&",
        "а б в г д е ё",
    ],
)
def test_a_long_password_of_any_script_is_taken(password: str) -> None:
    passwords.refuse_weak(password, EMAIL)


def test_a_password_is_the_same_however_the_keyboard_composed_it() -> None:
    assert passwords.matches(passwords.hashed("blåbærsyltetøy og brød"), "bla\u030abærsyltetøy og brød")
