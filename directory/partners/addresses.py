"""E-mail addresses by which people are known: lower case, and ASCII only.

Letters that look alike, or become alike in lower case (a Kelvin sign is a k), would make one person's address of
another's. A domain of other letters is written as it goes over the wire (xn--…).
"""

from __future__ import annotations

import re

from directory.errors import InvalidInput

LONGEST = 254  # characters; RFC 5321, 4.5.3.1.3
_ADDRESS = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")


def known_as(email: str) -> str | None:
    """The address as it is kept; None where it is none."""
    if not email.isascii():
        return None
    address = email.strip().lower()
    return address if len(address) <= LONGEST and _ADDRESS.fullmatch(address) else None


def checked(email: str) -> str:
    """The same. Raises InvalidInput on ``email``."""
    address = known_as(email)
    if address is None:
        raise InvalidInput.of("email", "takes an address such as kari@example.org")
    return address
