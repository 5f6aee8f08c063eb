"""Who guesses waits longer and longer; who owns the account does not."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import select

from directory.config import DEVELOPMENT_ENCRYPTION_KEY
from directory.database import Database
from directory.encryption import Vault
from directory.errors import TooManyAttempts
from directory.partners import lockout
from directory.partners.lockout import Count, known_device, remembered, wait_after
from directory.partners.models import SignInFailures
from tests.factories import NOW

VAULT = Vault([DEVELOPMENT_ENCRYPTION_KEY], "a key for hashes")
EMAIL = "kari@example.org"
SECOND = timedelta(seconds=1)


def counts(
    email: str = EMAIL, *, network: str = "192.0.2.1", cookie: str = "", now: datetime = NOW
) -> tuple[Count, ...]:
    return lockout.of_signing_in(VAULT, email, network=network, cookie=cookie, now=now)


def wrong(database: Database, on: Sequence[Count], now: datetime = NOW) -> int:
    """An attempt that fails. Seconds that it has to wait instead; 0 where it was looked at."""
    with database.unit_of_work() as session:
        try:
            lockout.attempt(session, on, now)
        except TooManyAttempts as error:
            return error.wait
        session.commit()
    return 0


def right(database: Database, on: Sequence[Count], now: datetime = NOW) -> None:
    assert wrong(database, on, now) == 0
    with database.unit_of_work() as session:
        lockout.succeeded(session, on, now)
        session.commit()


def exhaust(database: Database, on: Sequence[Count], now: datetime = NOW) -> None:
    for _ in range(lockout.FREE):
        assert wrong(database, on, now) == 0
    assert wrong(database, on, now) == 1


def test_five_wrong_attempts_are_free_and_waits_then_double_up_to_a_quarter_of_an_hour() -> None:
    waits = [int(wait_after(failures).total_seconds()) for failures in range(1, 18)]
    assert waits == [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]
    assert wait_after(10**9) == lockout.LONGEST_WAIT


def test_who_guesses_waits_and_then_may_try_once(database: Database) -> None:
    exhaust(database, counts())
    assert wrong(database, counts(), NOW + SECOND) == 0
    assert wrong(database, counts(), NOW + SECOND) == 2
    assert wrong(database, counts(), NOW + 2 * SECOND) == 1, "a refused attempt does not lengthen the wait"
    assert wrong(database, counts(), NOW + 3 * SECOND) == 0


def test_guessing_from_many_addresses_is_counted_as_one(database: Database) -> None:
    for number in range(lockout.FREE):
        assert wrong(database, counts(network=f"198.51.100.{number}")) == 0
    assert wrong(database, counts(network="203.0.113.9")) == 1


def test_an_address_without_account_and_one_that_is_no_address_wait_alike(database: Database) -> None:
    for email in ("nobody@example.org", "no address"):
        exhaust(database, counts(email, network="192.0.2.77"))


def test_a_known_browser_is_not_touched_by_what_others_do(database: Database) -> None:
    cookie = remembered(VAULT, EMAIL, "", NOW)
    exhaust(database, counts())
    right(database, counts(cookie=cookie))
    exhaust(database, counts(cookie=cookie))
    assert wrong(database, counts(cookie=remembered(VAULT, EMAIL, "", NOW))) == 0, "another known browser"


def test_a_known_browser_is_not_touched_by_guesses_from_its_own_network(database: Database) -> None:
    for number in range(lockout.FREE_OF_A_NETWORK):
        assert wrong(database, counts(f"{number}@example.org")) == 0
    assert wrong(database, counts()) == 1
    right(database, counts(cookie=remembered(VAULT, EMAIL, "", NOW)))
    assert wrong(database, counts(network="192.0.2.2")) == 0, "nor is another network"


def test_one_guesser_is_slowed_for_all_accounts_and_own_sign_ins_do_not_help(database: Database) -> None:
    own = counts("guesser@example.org")
    for number in range(lockout.FREE_OF_A_NETWORK - 1):
        assert wrong(database, counts(f"{number}@example.org")) == 0
        if number % 10 == 0:
            right(database, own)
    assert wrong(database, counts("last@example.org")) == 0
    assert wrong(database, counts("one-more@example.org")) == 1


def test_a_right_attempt_clears_the_count_of_the_account(database: Database) -> None:
    for _ in range(lockout.FREE - 1):
        wrong(database, counts())
    right(database, counts())
    exhaust(database, counts())


def test_a_network_of_ipv6_is_its_first_64_bits() -> None:
    def network(address: str) -> str:
        return lockout.of_a_network(VAULT, address).what

    assert network("2001:db8:1:2::1") == network("2001:db8:1:2:ffff::9")
    assert network("2001:db8:1:2::1") != network("2001:db8:1:3::1")
    assert network("192.0.2.1") != network("192.0.2.2")
    assert network("") == network("not an address")


def test_counts_are_forgotten_after_a_day_without_an_attempt(database: Database) -> None:
    exhaust(database, counts())
    later = NOW + lockout.FORGOTTEN_AFTER + SECOND
    with database.unit_of_work() as session:
        assert lockout.forget_old(session, later - 2 * SECOND) == 0
    exhaust(database, counts(), later)
    with database.unit_of_work() as session:
        assert lockout.forget_old(session, later + lockout.FORGOTTEN_AFTER) == 2


def test_a_clock_that_is_set_back_locks_nobody_out(database: Database) -> None:
    exhaust(database, counts(), NOW + timedelta(days=365))
    assert wrong(database, counts(), NOW) == 0


def test_attempts_at_the_same_time_do_not_pass_together(database: Database) -> None:
    with ThreadPoolExecutor(12) as threads:
        waits = list(threads.map(lambda _: wrong(database, counts()), range(12)))
    assert waits.count(0) == lockout.FREE


def test_what_is_kept_tells_neither_address_nor_network(database: Database) -> None:
    wrong(database, counts())
    with database.reading() as session:
        kept = " ".join(f"{row.account} {row.source}" for row in session.exec(select(SignInFailures)))
    assert "kari" not in kept and "192.0.2" not in kept
    assert "elsewhere" in kept and "network" in kept


def test_guessing_codes_is_counted_by_person_and_by_partner_and_not_cleared_by_a_right_one(
    database: Database,
) -> None:
    partner, one, other = uuid4(), uuid4(), uuid4()
    for number in range(lockout.FREE_CODES):
        assert wrong(database, lockout.of_redeeming(VAULT, partner, one if number % 2 else other)) == 0
        if number % 4 == 0:
            right(database, lockout.of_redeeming(VAULT, partner, one))
    assert wrong(database, lockout.of_redeeming(VAULT, partner, uuid4())) == 1
    assert wrong(database, lockout.of_redeeming(VAULT, uuid4(), uuid4())) == 0


def test_a_browser_is_known_for_a_year_and_for_its_account_only() -> None:
    cookie = remembered(VAULT, EMAIL, "", NOW)
    name = known_device(VAULT, EMAIL, cookie, NOW)
    assert name is not None
    assert known_device(VAULT, EMAIL, cookie, NOW + timedelta(days=364)) == name
    assert known_device(VAULT, EMAIL, cookie, NOW + timedelta(days=365)) is None
    assert known_device(VAULT, "ola@example.org", cookie, NOW) is None
    assert known_device(Vault([DEVELOPMENT_ENCRYPTION_KEY], "another"), EMAIL, cookie, NOW) is None


def test_people_who_share_a_browser_are_all_known_by_it_and_each_once() -> None:
    cookie = ""
    for email in ("a@example.org", "b@example.org", "a@example.org"):
        cookie = remembered(VAULT, email, cookie, NOW)
    assert cookie.count("~") == 1
    assert known_device(VAULT, "a@example.org", cookie, NOW)
    assert known_device(VAULT, "b@example.org", cookie, NOW)
    for number in range(lockout.DEVICES_IN_A_COOKIE):
        cookie = remembered(VAULT, f"{number}@example.org", cookie, NOW)
    assert known_device(VAULT, "a@example.org", cookie, NOW) is None, "the oldest goes"
    assert len(cookie) < 1000


@given(st.text() | st.from_regex(r"[0-9a-f]{32}\.[0-9٠-٩]{1,14}\.[0-9a-f]{64}(~.*)?", fullmatch=True))
def test_what_we_did_not_sign_makes_no_browser_known(cookie: str) -> None:
    assert known_device(VAULT, EMAIL, cookie, NOW) is None
    given = remembered(VAULT, EMAIL, cookie, NOW)
    assert known_device(VAULT, EMAIL, given, NOW)
    assert set(given) <= set("0123456789abcdef.~"), "nothing that a header could not hold"


@pytest.mark.parametrize("at", range(3))
def test_a_token_that_was_changed_makes_no_browser_known(at: int) -> None:
    parts = remembered(VAULT, EMAIL, "", NOW).split(".")
    parts[at] = parts[at][:-1] + ("1" if parts[at][-1] != "1" else "2")
    assert known_device(VAULT, EMAIL, ".".join(parts), NOW) is None
