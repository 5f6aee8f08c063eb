"""A misspelt word is taken for the word that was meant; one that is right, however rare, is never put right."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import orjson
import pytest

from directory.config import SEED_DIR
from directory.search.finding import Finder
from directory.spelling import split

# What names in the directory, and texts of this field, are made of.
RARE = {
    "nb": "fimose sklie kolposkopi syfilidolog koagulasjon buprenorfin hjemsøke skrivekløe ettervern sonderer",
    "en": "urethritis proctitis seroconversion fentanyl buprenorphine halfway parolee cervix colposcopy glimmering",
    "ru": "уретрит проктит сероконверсия бупренорфин диспансеризация шепотом зарница кольпоскопия опекун половник",
    "uk": "уретрит проктит бупренорфін диспансеризація опікун кольпоскопія блискавиця шепотіти ополоник черевики",
    "pl": "zapalenie cewka buprenorfina kolposkopia kurator dozorca łyżwiarz szeptać kopytko świetlica",
    "so": "baxaya cararaa joojiyey dhakhtarad geeyay maalinlaha qoraalka barwaaqo hiddaha xanuunsan",
    "ar": "مستشفيات أساعده التهاب الإحليل محطة السكة وصاية همسات ملعقة مدفأة",
    "sv": "uretrit avtändning frivård övervakare sköterska blixtlås viska skridsko glimma kåseri",
    "da": "urethritis forsorg tilsynsførende plejehjem hviske lynlås skøjte stikirenddreng ildsjæl",
}


def corrected(finder: Finder, text: str, **values: str) -> str | None:
    criteria = finder.resolve({"q": text, **values}, now=datetime.now(UTC), lang=values.get("lang", "nb"))
    told: str | None = orjson.loads(finder.answer(criteria, datetime.now(UTC)))["understood"]["corrected"]
    return told


@pytest.mark.parametrize(
    ("typed", "taken"),
    [
        ("nalokson begren", "nalokson Bergen"),
        ("overgrepsmotak tromsö", "overgrepsmottak tromsö"),
        ("legevkat trondhiem", "legevakt Trondheim"),
        ("klamyidatest", "klamydiatest"),
    ],
)
def test_it_is_told_what_the_words_were_taken_for(finder: Finder, typed: str, taken: str) -> None:
    assert corrected(finder, typed) == taken


def test_a_place_that_is_given_is_told_too(finder: Finder) -> None:
    assert corrected(finder, "nalokson", near="Sannes") == "Sandnes"
    assert corrected(finder, "nalokson", near="Sandnes") is None


def test_another_script_is_no_mistake(finder: Finder) -> None:
    assert corrected(finder, "легевакт осло") is None


@pytest.mark.parametrize("language", RARE)
def test_a_rare_word_stays_as_it_is(finder: Finder, language: str) -> None:
    changed = {w for w in RARE[language].split() if corrected(finder, f"{w} xx", lang=language)}
    assert changed == set()


def test_no_word_of_a_name_in_the_directory_is_put_right(finder: Finder) -> None:
    services = json.loads((SEED_DIR / "services.json").read_text("utf-8"))
    names = {word for row in services for text in row["names"].values() for word in split(text)}
    assert len(names) > 500
    changed = {word for word in names if finder.understand(f"{word} xx").corrected}
    assert changed == set()
