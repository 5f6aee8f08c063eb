"""The sites that may hold a partner's widget, by origin: scheme, host and port, and nothing more.

They go into a header (frame-ancestors), so nothing is let through but what an origin is made of, in the one form that
browsers write it in (RFC 6454; hosts of other letters by UTS #46, as in the URL standard).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

import idna
from sqlmodel import Session, col, select

from directory.errors import InvalidInput
from directory.partners.models import Partner

MOST = 20  # origins of one partner
LONGEST = 300  # characters of an address that is looked at at all

THIS_MACHINE = frozenset({"127.0.0.1", "localhost"})
_USUAL = {"https": 443, "http": 80}
_HOST = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*"
)
_A_NUMBER = re.compile(
    r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)"
)  # whose last label makes browsers read an IPv4 address
_SHAPE = "takes the address of a site such as https://www.example.org"


def choose_origins(
    session: Session, partner: Partner, given: Sequence[str], *, on_this_machine: bool
) -> None:
    """From now on these sites may hold the partner's widget, and no others. In the caller's transaction. As
    ``check_origins``."""
    partner.origins = check_origins(given, on_this_machine=on_this_machine)
    session.add(partner)
    session.flush()


def may_hold(session: Session, slug: str) -> tuple[str, ...]:
    """The sites that may hold the widget of the active partner of this slug; none where there is no such partner."""
    found = session.exec(select(Partner.origins).where(Partner.slug == slug, col(Partner.active))).first()
    return tuple(found or ())


def check_origins(given: Sequence[str], *, on_this_machine: bool) -> list[str]:
    """The origins as browsers write them, each once, in the order given. ``on_this_machine``: sites on it may be named
    too, over http. Raises InvalidInput on ``origins``, which names each that is none."""
    wrong: list[str] = []
    origins: dict[str, None] = {}
    for one in given:
        try:
            origins[_origin(one, on_this_machine)] = None
        except ValueError as error:
            shown = one[:LONGEST].encode("utf-8", "replace").decode()
            wrong.append(f"{error}, not “{shown}”")
    if len(origins) > MOST:
        wrong.append(f"takes at most {MOST} sites")
    if wrong:
        raise InvalidInput({"origins": wrong})
    return list(origins)


def _origin(text: str, on_this_machine: bool) -> str:
    """Raises ValueError that says what it takes."""
    text = text.strip()
    if not text.isprintable() or not 0 < len(text) <= LONGEST or set(text) & set(" \\\"'<>;,"):
        raise ValueError(_SHAPE)
    try:
        parts = urlsplit(text)
        host, port = _ascii(parts.hostname or ""), parts.port
    except ValueError:
        raise ValueError(_SHAPE) from None
    if parts.scheme not in _USUAL or "@" in parts.netloc or not _HOST.fullmatch(host):
        raise ValueError(_SHAPE)
    here = host in THIS_MACHINE and on_this_machine
    if _A_NUMBER.fullmatch(host) and not here:
        raise ValueError("takes a site by its name")
    if parts.scheme == "http" and not here:
        raise ValueError("takes an https address")
    if parts.path not in ("", "/") or "?" in text or "#" in text:
        raise ValueError("takes a whole site, without what comes after its name")
    if port == 0:
        raise ValueError(_SHAPE)
    return f"{parts.scheme}://{host}" + (f":{port}" if port and port != _USUAL[parts.scheme] else "")


def _ascii(host: str) -> str:
    """Raises ValueError (idna.IDNAError) for what is no name of a host."""
    return host if host.isascii() else idna.encode(host, uts46=True, std3_rules=True).decode("ascii")
