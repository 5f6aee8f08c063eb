"""Passwords: what makes one good enough, and how it is kept (argon2id, RFC 9106, as argon2-cffi has its parameters).

Length counts, and what everybody tries is refused; no rule about kinds of characters (NIST SP 800-63B, 5.1.1.2).
"""

from __future__ import annotations

import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from directory.errors import InvalidInput

SHORTEST, LONGEST = 12, 256  # characters

# What remains of the passwords that are tried first, once only those of this length count.
_COMMON = (
    "123456789012",
    "1234567890123",
    "administrator",
    "changemechangeme",
    "correcthorsebatterystaple",
    "iloveyouiloveyou",
    "letmeinletmein",
    "passordpassord",
    "passord12345",
    "passordet123",
    "password1234",
    "password12345",
    "password123456",
    "passwordpassword",
    "q1w2e3r4t5y6",
    "qwerty123456",
    "qwertyuiop12",
    "qwertyuiop123",
    "qwertyuiopasdfgh",
    "sommer202",
    "veiviser",
    "velkommen123",
    "vinter202",
    "welcome12345",
    "1q2w3e4r5t6y",
)
_RUNS = ("0123456789" * 3, "abcdefghijklmnopqrstuvwxyzæøå", "qwertyuiopåasdfghjkløæzxcvbnm")
_HASHER = PasswordHasher()


def refuse_weak(password: str, email: str) -> None:
    """Raises InvalidInput on ``password`` that says what it takes."""
    is_text = not any("\ud800" <= character <= "\udfff" for character in password)
    if wrong := _wrong(_normal(password), email) if is_text else "takes characters":
        raise InvalidInput.of("password", wrong)


def hashed(password: str) -> str:
    """What is kept of it. Takes some 50 ms and 64 MB: not while a transaction is open."""
    return _HASHER.hash(_normal(password))


def matches(kept: str | None, password: str) -> bool:
    """Whether it is the password that ``kept`` is of. Takes as long where nothing is kept, or it is far too long."""
    try:
        fits = _HASHER.verify(kept or _of_nobody(), _normal(password)[:LONGEST])
    except (VerificationError, InvalidHashError):
        return False
    return fits and kept is not None and len(_normal(password)) <= LONGEST


def outdated(kept: str) -> bool:
    """Whether it was hashed by other parameters than are used now."""
    return _HASHER.check_needs_rehash(kept)


@cache
def _of_nobody() -> str:
    return _HASHER.hash("the password of an account that does not exist")


def _normal(password: str) -> str:
    """The same, however the keyboard composed it. Half a surrogate pair, which ``refuse_weak`` refuses, is a ``?``."""
    return unicodedata.normalize("NFKC", password.encode("utf-8", "replace").decode())


def _wrong(password: str, email: str) -> str | None:
    if not SHORTEST <= len(password) <= LONGEST:
        return f"takes {SHORTEST} to {LONGEST} characters"
    low = password.lower()
    plain = "".join(character for character in low if character.isalnum())
    name = email.lower().partition("@")[0]
    if low == email.lower() or plain in (name, name + name) or low.startswith(email.lower()):
        return "takes something else than the e-mail address"
    if any(plain == common or _only_digits_more(plain, common) for common in _COMMON):
        return "is one of the passwords that are tried first"
    if len(set(low)) < 4 or _repeats(low) or any(low in run or low in run[::-1] for run in _RUNS):
        return (
            "takes something that does not repeat or run on, such as four words that do not belong together"
        )
    return None


def _only_digits_more(plain: str, common: str) -> bool:
    return plain.startswith(common) and (not plain[len(common) :] or plain[len(common) :].isdigit())


def _repeats(text: str) -> bool:
    """Whether it is one shorter thing three times or more: abcabcabcabc."""
    return any(
        text == (text[:size] * (len(text) // size + 1))[: len(text)] for size in range(1, len(text) // 3 + 1)
    )
