"""What can be wrong with an entry, in words: for those who report it and the stewards who decide."""

from __future__ import annotations

from directory.web.wording import N_

WHAT_IS_WRONG = {
    "phone": N_("The phone number"),
    "address": N_("The address"),
    "opening-hours": N_("The opening hours"),
    "closed-down": N_("It has closed down"),
    "language": N_("The languages"),
    "cost": N_("What it costs"),
    "other": N_("Something else"),
}
