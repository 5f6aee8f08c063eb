"""Where a webhook may go: to a public address over https, and never into the network that we run in.

Looked at when an address is saved and again each time something is sent, since a name may lead elsewhere by then. The
connection is made to an address that was looked at, not to the name.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from threading import Thread
from urllib.parse import urlsplit

from directory.errors import InvalidInput

LONGEST = 2000  # characters
LOOKED_UP_IN = 5.0  # seconds

# A name and a port -> the addresses that it has, as text. Raises OSError where it has none.
Resolver = Callable[[str, int], Sequence[str]]
Address = IPv4Address | IPv6Address

_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMERIC = re.compile(r"\d+|0x[0-9a-f]*")
# Names that lead nowhere in public: RFC 6761, 6762, 7686, 8375 and 9476, ICANN's .internal, and habits.
_PRIVATE = frozenset(
    {"localhost", "local", "internal", "localdomain", "lan", "home", "corp", "intranet", "private"}
    | {"home.arpa", "invalid", "test", "onion", "alt"}
)
_PUBLIC_IPV6 = IPv6Network("2000::/3")
_UNTOLD = (IPv6Network("3fff::/20"),)  # documentation (RFC 9637), which older Pythons take for public
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052
_V4_COMPATIBLE = IPv6Network("::/96")  # RFC 4291, 2.5.5.1


@dataclass(frozen=True, slots=True)
class Target:
    """``addresses``: of ``host``, all looked at. ``path``: with the query."""

    secure: bool
    host: str
    port: int
    path: str
    addresses: tuple[str, ...]


def allowed(url: str, resolver: Resolver, loopback: bool) -> Target:
    """Where this address leads. ``loopback``: this machine may be told too, over http as well.

    Raises InvalidInput on ``url`` for what is no public https address, also where only one of those that its name has
    is none.
    """
    if not url.isascii() or not url.isprintable() or not 0 < len(url) <= LONGEST or set(url) & set(' \\"<>'):
        raise _refused(f"takes an https address of at most {LONGEST} characters")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise _refused("takes an address such as https://hooks.example.org/veiviser") from None
    if parts.scheme not in (("https", "http") if loopback else ("https",)) or not host:
        raise _refused("takes an https address")
    if "@" in parts.netloc or "#" in url:
        raise _refused("takes an address without a user name, password or fragment")
    secure = parts.scheme == "https"
    port = port if port is not None else 443 if secure else 80
    if not loopback and port != 443 and port < 1024:
        raise _refused("takes port 443, or one from 1024 on")
    addresses = _addresses(host, port, resolver, loopback)
    if not secure and not all(address.is_loopback for address in addresses):
        raise _refused("takes http for this machine only")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(secure, host, port, path, tuple(str(address) for address in addresses))


def is_public(address: Address) -> bool:
    """Whether it is of the public network, and all that is packed into it too: an IPv6 address may carry an IPv4 one
    that a router on the way unpacks.
    """
    if isinstance(address, IPv6Address):
        packed = list(_packed(address))
        if packed and not all(map(is_public, packed)):
            return False
        if address.ipv4_mapped or address in _NAT64:
            return True
        if address not in _PUBLIC_IPV6 or any(address in network for network in _UNTOLD):
            return False
    return address.is_global and not (
        address.is_multicast or address.is_reserved or address.is_link_local or address.is_unspecified
    )


def look_up(name: str, port: int) -> list[str]:
    """The addresses of a name by this machine's own resolver. Raises OSError, also when it takes too long."""
    found: Future[list[str]] = Future()

    def ask() -> None:
        try:
            answers = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
            found.set_result(list(dict.fromkeys(str(answer[4][0]) for answer in answers)))
        except BaseException as error:
            found.set_exception(error)

    # The system's look-up can't be stopped: who waits for it no longer leaves it behind.
    Thread(target=ask, daemon=True, name="look-up").start()
    return found.result(LOOKED_UP_IN)


def _addresses(host: str, port: int, resolver: Resolver, loopback: bool) -> list[Address]:
    literal = _literal(host)
    if literal is None:
        _check_name(host, loopback)
        try:
            found = [ip_address(text) for text in resolver(host, port)]
        except (OSError, UnicodeError, ValueError):
            raise _refused("has a name that cannot be found") from None
        if not found:
            raise _refused("has a name that cannot be found")
    else:
        found = [literal]
    for address in found:
        if not (is_public(address) or (loopback and address.is_loopback)):
            raise _refused("leads into a network that is not public")
    return found


def _literal(host: str) -> Address | None:
    """The address that ``host`` is; None for a name. Numbers in any other spelling than the usual are refused: who
    reads them as an address does not agree on which.
    """
    if ":" in host:
        if "%" in host:
            raise _refused("takes an address without a zone")
        try:
            return ip_address(host)
        except ValueError:
            raise _refused("holds no address") from None
    if _NUMERIC.fullmatch(host.removesuffix(".").rpartition(".")[2]):
        try:
            return IPv4Address(host)
        except ValueError:
            raise _refused("takes an IP address in four decimal numbers") from None
    return None


def _check_name(host: str, loopback: bool) -> None:
    labels = host.removesuffix(".").split(".")
    if loopback and labels == ["localhost"]:
        return
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise _refused("holds no name of a host; letters beyond a to z are written as xn--…")
    if len(labels) < 2 or labels[-1] in _PRIVATE or ".".join(labels[-2:]) in _PRIVATE:
        raise _refused("takes a public name such as hooks.example.org")


def _packed(address: IPv6Address) -> Iterator[IPv4Address]:
    low = int(address) & 0xFFFFFFFF
    if address.ipv4_mapped:
        yield address.ipv4_mapped
    if address.sixtofour:
        yield address.sixtofour
    if address.teredo:
        yield from address.teredo
    if address in _NAT64 or address in _V4_COMPATIBLE:
        yield IPv4Address(low)
    if (int(address) >> 32) & 0xFCFFFFFF == 0x5EFE:  # ISATAP (RFC 5214, 6.1)
        yield IPv4Address(low)


def _refused(message: str) -> InvalidInput:
    return InvalidInput.of("url", message)
