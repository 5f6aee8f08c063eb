"""The address of a list: what is on it stands behind the #, which no browser sends to anybody.

Each service is its key in 22 characters, so that the address names neither a need nor a service to who reads it, and a
text message or a QR code holds a whole list.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from urllib.parse import quote
from uuid import UUID

import segno

_KEY = re.compile(
    r"[A-Za-z0-9_-]{21}[AQgw]", re.ASCII
)  # 16 bytes leave four bits of the last character empty


def fragment_of(ids: Iterable[UUID]) -> str:
    """What stands behind the # for these services, in their order.

    >>> fragment_of([UUID("12345678-1234-5678-1234-567812345678")])
    'EjRWeBI0VngSNFZ4EjRWeA'
    """
    return ".".join(urlsafe_b64encode(one.bytes).decode().rstrip("=") for one in ids)


def ids_in(link: str) -> tuple[list[UUID], int]:
    """The services that a link (or only what stands behind its #) names, in order, and how many of its pieces are none.

    White space is left out: messages break long lines.

    >>> ids_in("https://example.org/nb/list#EjRWeBI0VngSNFZ4EjRWeA.half")
    ([UUID('12345678-1234-5678-1234-567812345678')], 1)
    """
    pieces = [piece for piece in "".join(link.split()).rpartition("#")[2].split(".") if piece]
    keys = [piece for piece in pieces if _KEY.fullmatch(piece)]
    return [UUID(bytes=urlsafe_b64decode(f"{key}==")) for key in keys], len(pieces) - len(keys)


def address_of(base_url: str, lang: str, ids: Iterable[UUID]) -> str:
    return f"{base_url}/{lang}/list#{fragment_of(ids)}"


def message_with(text: str) -> str:
    """Opens the telephone's messages with the text, to nobody yet: ``?&`` is read by Android and by iOS."""
    return f"sms:?&body={quote(text, safe='')}"


def qr_code(address: str) -> str:
    """The address as an SVG element to stand in a page: black on white, whatever the colours of the page."""
    return segno.make(address, error="l", micro=False).svg_inline(
        border=4, omitsize=True, dark="#000", light="#fff", svgclass="qr", lineclass=None
    )
