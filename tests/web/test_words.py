"""The words of our pages: each is there in each language that the pages can be read in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po
from flask import Flask
from flask.testing import FlaskClient

from directory.languages import INTERFACE
from directory.web import wording

WEB = Path(wording.__file__).parent
KEYWORDS = DEFAULT_KEYWORDS | {"N_": None}
OPTIONS = {"templates/**.html": {"silent": "false", "trim_blocks": "true", "lstrip_blocks": "true"}}
AT = {wording.DESK: ("desk",), wording.PAGES: ("pages", "widget")}  # where the words of a door are
DOORS = [
    (door, language)
    for door in AT
    for language in wording.interface_languages(door)
    if language != wording.SOURCE
]
MACHINE_MADE = "Machine-made: awaits a reader whose language it is."


@cache
def words(door: str) -> dict[str, str]:
    """What pages and their code say, each with the first file that says it."""
    found: dict[str, str] = {}
    methods = [
        ("seeking.py", "python"),
        ("corrections.py", "python"),
        *((f"{at}/**.py", "python") for at in AT[door]),
    ]
    methods += [(f"templates/{at}/**.html", "jinja2.ext:babel_extract") for at in AT[door]]
    options = {name: OPTIONS["templates/**.html"] for name, _ in methods if name.endswith("html")}
    for file, _, said, _, _ in extract_from_dir(str(WEB), methods, options, KEYWORDS):
        found.setdefault(said if isinstance(said, str) else said[0], file)
    return found


def translated(door: str, language: str) -> Iterator[tuple[str, Message]]:
    for path in sorted((wording.TRANSLATIONS / language / door).glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=language, abort_invalid=True):
                if message.id:
                    yield path.name, message


def source(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def forms(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string)


@pytest.mark.parametrize(("door", "language"), DOORS)
def test_every_word_of_the_pages_is_translated(door: str, language: str) -> None:
    there = {source(message) for _, message in translated(door, language) if all(forms(message))}
    missing = {word: file for word, file in words(door).items() if word not in there}
    assert missing == {}


@pytest.mark.parametrize(("door", "language"), DOORS)
def test_no_translation_is_of_a_word_that_no_page_has(door: str, language: str) -> None:
    assert {source(message) for _, message in translated(door, language)} - set(words(door)) == set()


@pytest.mark.parametrize(("door", "language"), DOORS)
def test_a_word_is_translated_in_one_way_and_is_not_in_doubt(door: str, language: str) -> None:
    seen: dict[str, list[str]] = {}
    for file, message in translated(door, language):
        assert "fuzzy" not in message.flags, (file, message.id)
        assert seen.setdefault(source(message), forms(message)) == forms(message), (file, message.id)


@pytest.mark.parametrize(("door", "language"), DOORS)
def test_a_translation_names_the_values_of_its_source_and_no_others(door: str, language: str) -> None:
    def values(text: str) -> set[str]:
        return set(re.findall(r"%\(\w+\)[sd]", text))

    for file, message in translated(door, language):
        ids = [message.id] if isinstance(message.id, str) else list(message.id)
        allowed = set().union(*map(values, ids))
        for text in forms(message):
            assert values(text) <= allowed, (file, text)
        assert values(forms(message)[-1]) == values(ids[-1]), (file, ids)


def test_the_pages_of_clients_are_in_all_languages_of_the_interface() -> None:
    assert wording.interface_languages(wording.PAGES) == INTERFACE


@pytest.mark.parametrize(("door", "language"), [one for one in DOORS if one[0] == wording.PAGES])
def test_what_a_machine_translated_says_so_until_somebody_has_read_it(door: str, language: str) -> None:
    for file, message in translated(door, language):
        said = " ".join(message.user_comments)
        assert said == MACHINE_MADE or said.startswith("Read by "), (file, message.id)


@pytest.mark.parametrize(("language", "said"), [("nb", "17. mai 2027"), ("en", "17 May 2027")])
def test_a_day_is_that_in_norway_and_written_as_its_reader_does(
    directory_app: Flask, language: str, said: str
) -> None:
    with directory_app.test_request_context(headers={"Accept-Language": language}):
        night = datetime(2027, 5, 16, 23, 30, tzinfo=UTC)
        assert wording.day(date(2027, 5, 17)) == wording.day(night) == said
        assert wording.moment(night) == f"{said}, 01:30"
        assert wording.isoday(night) == "2027-05-17"
        assert wording.day(None) == wording.moment(None) == ""


def language_of(answer: str) -> str:
    found = re.search(r'<html lang="([^"]+)" dir="ltr">', answer)
    assert found, answer[:200]
    return found.group(1)


@pytest.mark.parametrize(
    ("accepted", "language"), [("en-GB,en", "en"), ("nb", "nb"), ("no", "nb"), ("ru", "nb"), (None, "nb")]
)
def test_a_page_is_in_the_language_that_the_browser_asks_for(
    client: FlaskClient, accepted: str | None, language: str
) -> None:
    headers = {"Accept-Language": accepted} if accepted else {}
    assert language_of(client.get("/desk/sign-in", headers=headers).text) == language


def test_a_chosen_language_counts_more_than_that_of_the_browser_and_leads_back(client: FlaskClient) -> None:
    answer = client.post("/desk/language", data={"language": "en", "next": "/desk/in?status=draft"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/desk/in?status=draft")
    assert language_of(client.get("/desk/sign-in", headers={"Accept-Language": "nb"}).text) == "en"
    client.post("/desk/language", data={"language": "tlh"})
    assert language_of(client.get("/desk/sign-in").text) == "en", "what we do not have is no choice"
