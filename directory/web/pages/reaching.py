"""How a service is reached from the phone in a client's hand: a number that it dials, an address that its map finds.

Nothing here leads to anybody else's site but the service's own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import phonenumbers

from directory.catalogue.entries import Phone, Place
from directory.web.pages.frame import dialled

LONGEST_SHOWN = 60  # characters of a web address
SHORTEST = 8  # digits of a number that is dialled with its country before it; shorter ones work at home only
_APPLE = re.compile(r"\b(iPhone|iPad|iPod|Macintosh)\b")  # an iPad says that it is a Macintosh
_GITHUB = re.compile(r"github:([\w.-]+/[\w.-]+)@([0-9a-f]{7,40}) ([\w./-]+)")


@dataclass(frozen=True, slots=True)
class Line:
    """A phone. ``href``: tel: or sms:, with digits and + alone; empty where there is nothing to dial."""

    number: str
    href: str
    sms: bool


@dataclass(frozen=True, slots=True)
class Link:
    """``href`` is http or https; None: the text is no address that may be followed. ``text``: as it is shown."""

    text: str
    href: str | None


def line(phone: Phone, country: str) -> Line:
    number = dialled_from_anywhere(phone.number, country)
    sms = phone.type == "sms"
    return Line(phone.number, f"{'sms' if sms else 'tel'}:{number}" if number else "", sms)


def dialled_from_anywhere(number: str, country: str) -> str:
    """As any phone dials it, also one with a foreign card.

    >>> dialled_from_anywhere("22 00 00 00", "NO"), dialled_from_anywhere("116 117", "NO")
    ('+4722000000', '116117')
    """
    try:
        found = phonenumbers.parse(number, country)
    except phonenumbers.NumberParseException:
        return dialled(number)
    if len(str(found.national_number)) < SHORTEST or not phonenumbers.is_valid_number(found):
        return dialled(number)
    return phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164)


def mail_address(email: str) -> str:
    """mailto: the one address, whatever characters it has.

    >>> mail_address("post@example.org"), mail_address("a?bcc=b@example.org")
    ('mailto:post@example.org', 'mailto:a%3Fbcc%3Db@example.org')
    """
    return f"mailto:{quote(email, safe='@')}"


def map_address(place: Place, user_agent: str) -> str | None:
    """What the phone's own map opens: the street address, and nothing of whom it is of. None: there is no street."""
    if not place.address_1:
        return None
    town = " ".join(part for part in (place.postal_code, place.city) if part)
    sought = quote(", ".join(part for part in (place.address_1, town) if part), safe="")
    if _APPLE.search(user_agent):
        return f"maps://?q={sought}"
    known = place.latitude is not None and place.longitude is not None
    point = f"{place.latitude:.5f},{place.longitude:.5f}" if known else "0,0"
    return f"geo:{point}?q={sought}"


def link(address: str) -> Link:
    """A web address, shown from its host on; a file of a public repository, as our sources name it; else plain text.

    >>> link("https://www.hivtest.no/om-hiv/").text, link("javascript:alert(1)").href
    ('hivtest.no/om-hiv', None)
    """
    if found := _GITHUB.match(address):
        repository, commit, path = found.groups()
        return Link(f"github.com/{repository}", f"https://github.com/{repository}/blob/{commit}/{path}")
    if not re.fullmatch(r"https?://[^\s…]+", address):  # some sources leave a part of their address out
        return Link(address, None)
    try:
        parts = urlsplit(address)
        shown = f"{(parts.hostname or '').removeprefix('www.')}{parts.path}".rstrip("/")
    except ValueError:  # such as an address of IPv6 that is none
        return Link(address, None)
    return Link(shown if len(shown) <= LONGEST_SHOWN else f"{shown[:LONGEST_SHOWN]}…", address)
