"""The numbers that stand on every page of a client, whatever else is down. A test holds them to the seed's entries."""

from __future__ import annotations

import re
from dataclasses import dataclass

from directory.web.wording import N_


def dialled(number: str | None) -> str:
    """What a telephone is told to dial: digits, and a plus before them.

    >>> dialled("+47 22 00 00 00"), dialled("116 117"), dialled("by letter"), dialled(None)
    ('+4722000000', '116117', '', '')
    """
    digits = "".join(re.findall("[0-9]", number or ""))
    return f"+{digits}" if digits and str(number).strip().startswith("+") else digits


def spaced(number: str | None) -> str:
    """The number as it is written on posters; what is written with spaces already stays so.

    >>> spaced("116117"), spaced("22591300"), spaced("+4722591300"), spaced("02800")
    ('116 117', '22 59 13 00', '+47 22 59 13 00', '02800')
    """
    told = _SHORT.sub(r"\1 \2", number or "")
    return _LONG.sub(
        lambda found: f"{found[1] or ''} {found[2]} {found[3]} {found[4]} {found[5]}".strip(), told
    )


_SHORT = re.compile(r"^(116)([0-9]{3})$")
_LONG = re.compile(r"^(\+47)?([235-7][0-9])([0-9]{2})([0-9]{2})([0-9]{2})$")


@dataclass(frozen=True, slots=True)
class Number:
    """``service``: the slug of the entry in the seed that has it; None: it has none."""

    service: str | None
    number: str
    name: str
    about: str  # when to call; to be translated

    @property
    def dialled(self) -> str:
        return dialled(self.number)


# Where life, body or home is in danger; the names are to be translated.
NUMBERS = (
    Number(
        "medisinsk-nodtelefon-113",
        "113",
        N_("Ambulance"),
        N_(
            "Somebody's life is in danger: they do not wake up, do not breathe, or have taken an overdose. "
            "You will not be reported for drug use."
        ),
    ),
    Number(
        "politiet-112",
        "112",
        N_("Police"),
        N_("Somebody hurts you or threatens you. You choose yourself whether to report it."),
    ),
    Number(None, "110", N_("Fire"), N_("Something is on fire.")),
    Number(
        "legevakt-116117",
        "116 117",
        N_("Doctor on call"),
        N_(
            "You need a doctor now, but nobody's life is in danger. The call is free. Ask here, too, where to go "
            "after a rape, or if you may have got HIV."
        ),
    ),
)

# Day and night, for all of Norway. Their names are Norwegian in every language.
LINES = (
    Number(
        "giftinformasjonen",
        "22 59 13 00",
        "Giftinformasjonen",
        N_("Somebody has taken something poisonous. If they do not wake up, call 113."),
    ),
    Number(
        "mental-helse-116123",
        "116 123",
        "Hjelpetelefonen",
        N_("You need somebody to talk to."),
    ),
    Number(
        "kirkens-sos",
        "22 40 00 40",
        "Kirkens SOS",
        N_("You are in a crisis, and it feels too heavy to bear alone."),
    ),
    Number(
        "vo-linjen-116006",
        "116 006",
        "VO-linjen",
        N_("You live with violence or abuse, or have done so."),
    ),
    Number(
        "alarmtelefonen-116111",
        "116 111",
        "Alarmtelefonen for barn og unge",
        N_("You are a child or young, and somebody does something to you that is not all right."),
    ),
)
