"""Codes from a device of the owner."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pyotp
import pytest
from cryptography.fernet import Fernet

from directory.config import DEVELOPMENT_ENCRYPTION_KEY
from directory.database import Database
from directory.encryption import Vault
from directory.errors import Conflict, InvalidInput, SignInFailed, TooManyAttempts, UnsafeSettings
from directory.partners import lockout, one_time_codes
from directory.partners.models import Account
from tests.factories import NOW
from tests.one_account import (
    EMAIL,
    STEP,
    VAULT,
    add_counsellor,
    enrolled,
    kept,
    sign_in,
)


@pytest.fixture
def kari(database: Database) -> UUID:
    return add_counsellor(database)


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
