"""What was found, as a page shows it: each result in words, made here so that a template only writes them down.

A result is written once for all searches that show it so, and kept: all but its number and its distance, which depend
on who asks. Nothing of a search is in what is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from babel.dates import format_date
from babel.numbers import format_decimal
from flask import current_app
from markupsafe import Markup
from werkzeug.datastructures import MultiDict

from directory import languages
from directory.api.rooms import rooms
from directory.languages import is_rtl
from directory.web import seeking
from directory.web.pages.emergency import dialled, spaced
from directory.web.rendering import page_module
from directory.web.wording import gettext, page_language

LONGEST = 280  # characters of a text in a list; all of it stands on the service's own page
KEPT = 4096  # results at most, of some 2 kB each
AS_PROSE = {
    "en": "en_GB"
}  # the locale in which days and numbers are written, where it is not the language's own


WRITTEN = "veiviser-results"  # in the application's extensions: results as they were written
# Generation of the index, slug, location, open or closed, why it is there, language, and where it opens.
_Key = tuple[int, str, str | None, str, tuple[str, ...], str, str]


class Text(NamedTuple):
    """Somebody's text, and how it is read."""

    said: str
    language: str
    direction: str


class Entry(NamedTuple):
    """A result in words of the page's language but for the texts. "" and () where there is nothing to tell."""

    slug: str
    name: Text
    organization: str
    summary: Text | None
    where: str
    open: Mapping[str, Any]
    why: tuple[str, ...]
    phones: tuple[tuple[str, str], ...]  # as written, and as dialled
    chat: str
    languages: str
    terms: tuple[str, ...]  # free, anonymous, from afar
    capacity: str
    trust: str


class Card(NamedTuple):
    """HTML up to the distance, which ends the first line of facts, and from there on."""

    head: Markup
    distance: str
    rest: Markup


class Chip(NamedTuple):
    """``value``: of a button ``without``, which undoes it."""

    value: str
    label: str


class Shown(NamedTuple):
    """``others``: places that may have been meant, as values of the same button."""

    chips: tuple[Chip, ...]
    others: tuple[Chip, ...]
    relaxed: tuple[str, ...]
    cards: tuple[Card, ...]
    kept: tuple[tuple[str, str], ...]  # fields of a form that asks for the same again
    first: int  # number of the first result
    pages: int


def shown(answer: Mapping[str, Any], typed: MultiDict[str, str], target: str = "") -> Shown:
    """``answer`` as ``seeking.found`` gives it; ``typed``: the form that it answers; ``target``: where
    entries open."""
    per_page = answer["per_page"]
    return Shown(
        tuple(_chips(answer, typed)),
        tuple(_others(answer["understood"]["place"])),
        tuple(dict.fromkeys(map(seeking.relaxed_in_words, answer["relaxed"]))),
        tuple(_cards(answer, target)),
        kept(typed),
        (answer["page"] - 1) * per_page + 1,
        -(-answer["total"] // per_page),
    )


def kept(typed: MultiDict[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name in seeking.KEPT for value in typed.getlist(name) if value)


def _chips(answer: Mapping[str, Any], typed: MultiDict[str, str]) -> Iterator[Chip]:
    needs, lang = rooms().needs, page_language()
    for slug in answer["sought"]["needs"]:
        yield Chip(f"need:{slug}", needs.label(slug, lang))
    place = answer["understood"]["place"]
    if place and place["precision"] == "point":
        yield Chip("place:", gettext("Near where you are"))
    elif place:
        yield Chip("place:", gettext("Near: %(place)s") % {"place": place["name"]})
    for code in answer["sought"]["languages"]:
        yield Chip(
            f"language:{code}", gettext("Language: %(language)s") % {"language": languages.name(code, lang)}
        )
    switches = {
        "open_now": gettext("Open now"),
        "free": gettext("Free of charge"),
        "anonymous": gettext("Anonymous"),
        "remote": gettext("By phone, chat or video"),
    }
    yield from (Chip(name, label) for name, label in switches.items() if typed.get(name))


def _others(place: Mapping[str, Any] | None) -> Iterator[Chip]:
    """Those that a name tells apart."""
    names = [one["name"] for one in (place or {}).get("alternatives", ())]
    yield from (
        Chip(f"place:{name}", name) for name in dict.fromkeys(names) if place and name != place["name"]
    )


def _cards(answer: Mapping[str, Any], target: str) -> Iterator[Card]:
    lang, above = page_language(), rooms().needs.ancestors
    sought = set(answer["sought"]["needs"])
    asked = answer["sought"]["languages"]
    placed = answer["understood"]["place"] is not None
    say = _words(lang)
    written: dict[_Key, tuple[Markup, Markup]] = current_app.extensions.setdefault(WRITTEN, {})
    for result in answer["results"]:
        matching = [
            n["label"] for n in result["needs"] if not sought.isdisjoint((n["slug"], *above(n["slug"])))
        ]
        why = (*matching[:2], *_why(result, asked, placed, say))
        at = result["location"] and result["location"]["id"]
        key = (answer["generation"], result["slug"], at, result["open"]["text"], why, lang, target)
        head, rest = written.get(key) or _write(written, key, result, why, say)
        yield Card(head, _distance(result, lang), rest)


def _write(
    kept: dict[_Key, tuple[Markup, Markup]],
    key: _Key,
    result: Mapping[str, Any],
    why: tuple[str, ...],
    say: _Words,
) -> tuple[Markup, Markup]:
    """The result as ``pages/result.html`` writes it, which is kept; when that is too much, all is forgotten."""
    parts = page_module("pages/result.html")
    entry, target = _entry(result, why, say), key[-1]
    written = parts.head(entry, target), parts.rest(entry, target)
    if len(kept) >= KEPT:
        kept.clear()
    kept[key] = written
    return written


def _entry(result: Mapping[str, Any], why: tuple[str, ...], say: _Words) -> Entry:
    location, contact = result["location"], result["contact"]
    organization = result["organization"]["name"]
    name = result["name"] or organization
    return Entry(
        result["slug"],
        _text(name, result["name_language"]),
        "" if organization in name else organization,
        _text(result["summary"], result["summary_language"]) if result["summary"] else None,
        (location["address"] or location["municipality"] or "") if location else "",
        result["open"],
        why,
        tuple((spaced(phone["number"]), dialled(phone["number"])) for phone in contact["phones"]),
        _web_address(contact["chat_url"]),
        ", ".join(one["label"] for one in result["languages"] if one["mode"] == "spoken"),
        tuple(_terms(result, say)),
        say.capacity.get(result["capacity"], ""),
        _trust(result["trust"], page_language(), say),
    )


@lru_cache(maxsize=16)
def _words(lang: str) -> _Words:
    """``lang``: that of the page."""
    return _Words()


class _Words:
    """What is said of many results, said once."""

    def __init__(self) -> None:
        self.free, self.anonymous = gettext("Free of charge"), gettext("Anonymous")
        self.remote = gettext("By phone, chat or video")
        self.country, self.area = gettext("Helps the whole country"), gettext("Helps the place you searched")
        self.modes = {
            "spoken": gettext("Speaks: %(language)s"),
            "interpreter": gettext("With an interpreter: %(language)s"),
            "by-law": gettext("You have a right to an interpreter: %(language)s"),
        }
        self.capacity = {"waitlist": gettext("There is a waiting list"), "no-capacity": gettext("Full now")}
        self.checked, self.checked_by = gettext("Checked %(day)s"), gettext("Checked %(day)s by %(who)s")
        self.stale = gettext("Last checked %(day)s. Call first.")
        self.unsure = gettext("Not checked for a long time. Call first.")
        self.listed = gettext("Not checked by phone yet")
        self.source = gettext("Source: %(source)s")


def _why(result: Mapping[str, Any], asked: Iterable[str], placed: bool, say: _Words) -> Iterator[str]:
    modes = {one["code"]: one for one in result["languages"]}
    yield from (say.modes[modes[c]["mode"]] % {"language": modes[c]["label"]} for c in asked if c in modes)
    if result["reach"] == "national":
        yield say.country
    elif placed and result["distance_km"] is None:
        yield say.area


def _terms(result: Mapping[str, Any], say: _Words) -> Iterator[str]:
    """What is known to be so; what is unknown is not told."""
    if result["free"]:
        yield say.free
    if result["anonymous"]:
        yield say.anonymous
    if result["remote"]:
        yield say.remote


def _distance(result: Mapping[str, Any], lang: str) -> str:
    """Within the same town nothing, where no more than the town is known."""
    km = result["distance_km"]
    if km is None:
        return ""
    exact = result["location"] is not None and result["location"]["precision"] == "address"
    return "" if not exact and km < 1 else _far(km, exact, lang)


@lru_cache(maxsize=4096)
def _far(km: float, exact: bool, lang: str) -> str:
    """``lang``: that of the page."""
    if km < 1:
        return gettext("%(distance)s m") % {"distance": max(100, round(km * 10) * 100)}
    number = format_decimal(round(km, 1) if km < 10 else round(km), locale=AS_PROSE.get(lang, lang))
    return (gettext("%(distance)s km") if exact else gettext("about %(distance)s km")) % {"distance": number}


def _trust(trust: Mapping[str, Any], lang: str, say: _Words) -> str:
    """How and when it was checked, and who says so."""
    on = trust["verified_on"]
    if on is None:
        told = say.unsure if trust["state"] == "stale" else say.listed
    elif trust["state"] == "stale":
        told = say.stale % {"day": _day(on, lang)}
    elif trust["by"]:
        told = say.checked_by % {"day": _day(on, lang), "who": trust["by"]}
    else:
        told = say.checked % {"day": _day(on, lang)}
    source = _source(trust["source"] or "")
    return f"{told} · {say.source % {'source': source}}" if source else told


@lru_cache(maxsize=1024)
def _source(reference: str) -> str:
    """Who says so: the site of an address, else as it is written; what is kept at a forge, its owner."""
    if reference.startswith(("http://", "https://")):
        return (urlsplit(reference).hostname or "").removeprefix("www.")
    if reference.startswith("github:"):
        return f"github.com/{reference.removeprefix('github:').partition('@')[0]}"
    return reference if len(reference) <= LONGEST else f"{reference[:LONGEST]}…"


@lru_cache(maxsize=1024)
def _day(day: date, lang: str) -> str:
    return str(format_date(day, "long", locale=AS_PROSE.get(lang, lang)))


def _text(said: str, language: str | None) -> Text:
    code = language or page_language()
    clipped = said if len(said) <= LONGEST else f"{said[:LONGEST].rsplit(maxsplit=1)[0]}…"
    return Text(clipped, code, "rtl" if is_rtl(code) else "ltr")


def _web_address(url: str | None) -> str:
    return url if url and url.startswith(("https://", "http://")) else ""
