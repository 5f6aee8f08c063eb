"""Which passwords are good enough, and what checking one costs."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from directory.errors import InvalidInput
from directory.partners import passwords
from tests.one_account import (
    EMAIL,
    PASSWORD,
)


def test_a_password_costs_the_same_whether_there_is_such_an_account_or_not(
    monkeypatch: pytest.MonkeyPatch,
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
