"""Whom a service is for, in which languages and under which terms: the codes of the catalogue in plain words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from babel import Locale
from babel.numbers import format_currency, format_decimal

from directory import languages
from directory.catalogue.entries import CostOption, ServiceArea, ServiceEntry
from directory.web.wording import N_, page_language
from directory.web.wording import gettext as _

AUDIENCES = {
    "children": N_("Children"),
    "youth": N_("Young people"),
    "students": N_("Students"),
    "relatives": N_("Family and friends of someone who needs help"),
    "professionals": N_("People who help others at work"),
    "lgbt": N_("Gay, lesbian, bisexual and trans people"),
    "msm": N_("Men who have sex with men"),
    "trans": N_("Trans people"),
    "migrants": N_("People who have moved here from another country"),
    "undocumented": N_("People without papers"),
    "sex-workers": N_("People who sell sex"),
    "people-who-use-drugs": N_("People who use drugs"),
    "people-living-with-hiv": N_("People living with HIV"),
    "prisoners": N_("People in prison"),
}
GENDERS = {"female": N_("Women"), "male": N_("Men"), "other": N_("People of another gender")}
MODES = {
    "spoken": N_("They speak"),
    "interpreter": N_("With an interpreter"),
    "phone-interpreter": N_("With an interpreter on the phone"),
}
ACCESSIBILITY = {
    "wheelchair": N_("You can get in with a wheelchair"),
    "wheelchair-limited": N_("You can get in with a wheelchair, with some help"),
    "wheelchair-no": N_("You can't get in with a wheelchair"),
    "lift": N_("There is a lift"),
    "toilet-wheelchair": N_("There is a toilet for wheelchair users"),
    "induction-loop": N_("There is a hearing loop"),
    "tactile-paving": N_("There are lines on the ground for people who can't see"),
    "parking-disabled": N_("There is parking for disabled people"),
}
CAPACITY = {
    "capacity": N_("They have room now"),
    "waitlist": N_("There is a waiting list"),
    "no-capacity": N_("They are full now"),
}
DOUBTS = {
    "uncertain": N_("We are not sure that this still exists. Ask them first."),
    "unverified": N_("We have only heard about this from others. Ask them first."),
    "temporarily closed": N_("It is closed for now. Ask them when they open again."),
}


@dataclass(frozen=True, slots=True)
class Spoken:
    """Languages in which help is given in one way: (code, name in the language of the page, its own name or "")."""

    way: str
    languages: tuple[tuple[str, str, str], ...]


def spoken(entry: ServiceEntry) -> Iterator[Spoken]:
    lang = page_language()
    for mode, way in MODES.items():
        codes = [one.code for one in entry.named_languages if one.mode == mode]
        if codes:
            yield Spoken(_(way), tuple(_language(code, lang) for code in codes))


@lru_cache(maxsize=2048)
def _language(code: str, lang: str) -> tuple[str, str, str]:
    name, own = languages.name(code, lang), languages.autonym(code)
    return code, name, own if own.casefold() != name.casefold() else ""


def ages(entry: ServiceEntry) -> str:
    """Empty where any age is right, as far as is known."""
    lowest, highest = entry.minimum_age, entry.maximum_age
    if lowest and highest is not None:
        return _("Age: %(lowest)s to %(highest)s") % {"lowest": lowest, "highest": highest}
    if highest is not None:
        return _("Age: up to %(highest)s") % {"highest": highest}
    return _("Age: %(lowest)s or older") % {"lowest": lowest} if lowest else ""


def audiences(entry: ServiceEntry) -> list[str]:
    """Whom it is for, where it is not for all; a code that has no words yet stands for itself."""
    told = [_(GENDERS[code]) if code in GENDERS else code for code in entry.genders or ()]
    return told + [_(AUDIENCES[code]) if code in AUDIENCES else code for code in entry.audiences or ()]


def accessibility(codes: tuple[str, ...]) -> list[str]:
    return [_(ACCESSIBILITY[code]) if code in ACCESSIBILITY else code for code in codes]


def capacity(entry: ServiceEntry) -> str:
    """Empty where it is not known."""
    return _(CAPACITY[entry.capacity]) if entry.capacity in CAPACITY else entry.capacity or ""


def amount(cost: CostOption) -> str:
    """The price as one writes it in the language of the page; empty where none is told."""
    if cost.amount is None:
        return ""
    locale = "en_GB" if page_language() == "en" else page_language()
    pattern = "#,##0" if cost.amount == int(cost.amount) else "#,##0.00"
    if cost.currency is None:
        return str(format_decimal(cost.amount, pattern, locale=locale))
    return str(
        format_currency(cost.amount, cost.currency, f"{pattern} ¤", locale=locale, currency_digits=False)
    )


def area(one: ServiceArea) -> str:
    """A country has a name in every language; counties and municipalities keep theirs."""
    if one.extent != "national":
        return one.name
    locale = Locale.parse("en_GB" if page_language() == "en" else page_language())
    return str(locale.territories.get(one.code) or one.name)
