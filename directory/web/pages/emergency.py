"""The numbers that stand on every page of a client, whatever else is down. A test holds them to the seed's entries."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Number:
    """``service``: the slug of the entry in the seed that has it; None: it has none."""

    service: str | None
    number: str
    name: str  # to be translated


def N_(word: str) -> str:
    return word


NUMBERS = (
    Number("medisinsk-nodtelefon-113", "113", N_("Ambulance")),
    Number("politiet-112", "112", N_("Police")),
    Number(None, "110", N_("Fire")),
    Number("legevakt-116117", "116 117", N_("Doctor on call")),
)
