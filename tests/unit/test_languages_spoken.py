"""Which language a person asks for."""

from __future__ import annotations

import csv

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from directory.config import SEED_DIR
from directory.languages import LanguageSpan, spoken_spans
from directory.languages.forms import SOUGHT, lexicon
from directory.spelling import words


def asked(text: str) -> list[tuple[str, str, bool]]:
    folded = words(text)
    return [(" ".join(folded[s.start : s.end]), s.codes[0], s.certain) for s in spoken_spans(folded)]


@pytest.mark.parametrize(
    ("text", "span", "code"),
    [
        ("snakke med noen på russisk i Oslo", "pa russisk", "ru"),
        ("Someone to talk to in Russian", "in russian", "ru"),
        ("поговорить на норвежском", "на норвежском", "nb"),
        ("psycholog po polsku", "po polsku", "pl"),
        ("врач по-русски", "по русски", "ru"),
        ("лікар по-українськи", "по українськи", "uk"),
        ("طبيب باللغة العربية", "باللغه العربيه", "ar"),
        ("دكتور بالعربي", "بالعربي", "ar"),
        ("dhakhtar af soomaali ku hadla", "af soomali", "so"),
        ("afsoomaali", "afsoomali", "so"),
        ("arabisktalende lege", "arabisktalende", "ar"),
        ("russiskspråklig", "russiskspraklig", "ru"),
        ("engelskspråklig lege", "engelskspraklig", "en"),
        ("engelskspråklege tilbod", "engelskspraklege", "en"),
        ("rysktalande läkare", "rysktalande", "ru"),
        ("snakker polsk", "snakker polsk", "pl"),
        ("русскоязычный психолог", "русскоязычный", "ru"),
        ("психолог, говорящий по-английски", "говорящий по английски", "en"),
        ("російськомовний психолог", "російськомовний", "ru"),
        ("психолог українською", "українською", "uk"),
        ("lekarz polskojęzyczny", "polskojezyczny", "pl"),
        ("w języku rosyjskim", "w jezyku rosyjskim", "ru"),
        ("помощь на английском языке", "на английском языке", "en"),
        ("Russian-speaking doctor", "russian speaking", "ru"),
        ("tegnspråk", "tegnsprak", "sgn"),
        ("norsk tegnspråk", "norsk tegnsprak", "nsl"),
        ("sign language", "sign language", "sgn"),
        ("en español", "en espanol", "es"),
        ("auf Deutsch", "auf deutsch", "de"),
        ("på nordsamisk", "pa nordsamisk", "se"),
        ("lääkäri suomeksi", "suomeksi", "fi"),
        ("somalisktalende", "somalisktalende", "so"),
        ("på tigrinja", "pa tigrinja", "ti"),
        ("på dari", "pa dari", "prs"),
        ("på kurmanji", "pa kurmanji", "ku"),
        ("på sorani", "pa sorani", "ckb"),
    ],
)
def test_a_preposition_a_verb_or_an_ending_makes_it_certain(text: str, span: str, code: str) -> None:
    expected = " ".join(words(span))
    assert asked(text) == [(expected, code, True)]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("arabisk tolk", "ar"),
        ("tolk til arabisk", "ar"),
        ("tolk i somali", "so"),
        ("Polish interpreter", "pl"),
        ("переводчик с украинского", "uk"),
        ("tłumacz rosyjskiego", "ru"),
        ("مترجم روسي", "ru"),
    ],
)
def test_who_asks_for_an_interpreter_means_the_language_and_the_interpreter_stays_in_the_text(
    text: str, code: str
) -> None:
    folded = words(text)
    (span,) = spoken_spans(folded)
    assert (span.codes[0], span.certain, span.end - span.start) == (code, True, 1)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("engelsk lege", "en"),
        ("en engelsk lege", "en"),  # "en" is Norwegian for "a", not Spanish for "in"
        ("english", "en"),
        ("русский", "ru"),
        ("русская женщина", "ru"),
        ("polska", "pl"),
        ("العربية", "ar"),
        ("中文", "zh"),
        ("norske myndigheter", "nb"),
    ],
)
def test_a_bare_name_is_not_certain(text: str, code: str) -> None:
    ((_, found, certain),) = asked(text)
    assert (found, certain) == (code, False)


def test_certainty_is_shared_along_a_list() -> None:
    assert [(c, sure) for _, c, sure in asked("snakker russisk og polsk")] == [("ru", True), ("pl", True)]
    assert [(c, sure) for _, c, sure in asked("russisk- og engelsktalende lege")] == [
        ("ru", True),
        ("en", True),
    ]
    assert [(c, sure) for _, c, sure in asked("русский или английский язык")] == [("ru", True), ("en", True)]
    assert [(c, sure) for _, c, sure in asked("på norsk lege russisk")] == [("nb", True), ("ru", False)]


def test_a_name_of_several_languages_gives_all_best_first() -> None:
    (farsi,) = spoken_spans(["farsi"])
    (dari,) = spoken_spans(["dari"])
    (norsk,) = spoken_spans(["norsk"])
    (kurdisk,) = spoken_spans(["kurdisk"])
    (sami,) = spoken_spans(["samisk"])
    assert farsi.codes == ("fa", "prs")
    assert dari.codes[:2] == ("prs", "fa")
    assert norsk.codes[:2] == ("nb", "nn")
    assert kurdisk.codes == ("ku", "ckb")
    assert sami.codes == ("se", "smj", "sma")


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("rusisk", "ru"),
        ("engelks", "en"),
        ("arabsik", "ar"),
        ("ukrainks", "uk"),
        ("англиский", "en"),
        ("rosyski", "ru"),
    ],
)
def test_one_slip_is_forgiven_and_flagged(typed: str, code: str) -> None:
    (span,) = spoken_spans(words(typed))
    assert span == LanguageSpan(0, 1, span.codes, False, typo=True)
    assert span.codes[0] == code


def test_a_slip_in_context_is_as_certain_as_any() -> None:
    (span,) = spoken_spans(words("lege på rusisk"))
    assert (span.start, span.end, span.certain, span.typo) == (1, 3, True, True)
    (span,) = spoken_spans(words("rusisktalende"))
    assert (span.codes[0], span.certain, span.typo) == ("ru", True, True)


@pytest.mark.parametrize(
    "text",
    [
        "детский психолог",  # children's, one letter from Danish
        "Somalia",
        "Italia",
        "Russia",
        "Germany",
        "etisk",
        "etnisk minoritet",
        "person",
        "psykisk helse",
        "kritisk",
        "finish",
        "jeg trenger hjelp i Oslo",
        "test for hiv på Grünerløkka",
        "на приёме у врача",
        "is it open now",
        "se her",
        "da er det bra",
        "so what",
        "",
    ],
)
def test_words_that_are_near_or_as_short_as_a_code_are_no_language(text: str) -> None:
    assert spoken_spans(words(text)) == []


def test_no_town_or_municipality_of_norway_is_certainly_a_language() -> None:
    names = set()
    for file, column in (("gazetteer_no.csv", 1), ("gazetteer_no_municipalities.csv", 1)):
        with (SEED_DIR / file).open(encoding="utf-8", newline="") as rows:
            names.update(row[column] for row in csv.reader(rows))
    taken = {name: found for name in names if (found := asked(name))}
    assert len(names) > 300
    assert {name for name, found in taken.items() if any(sure for _, _, sure in found)} == set()
    assert len(taken) < 5


def test_every_language_that_is_asked_for_in_norway_has_a_word_in_norwegian_and_english() -> None:
    for grammar in ("nb", "en"):
        named = {code for form in lexicon().values() if grammar in form.grammars for code in form.codes}
        assert {code for code in SOUGHT if code != "no"} - named == set()


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    st.lists(
        st.one_of(
            st.sampled_from([*sorted(lexicon())[::97], "pa", "in", "og", "tolk", "язык"]),
            st.text(max_size=12),
        ),
        max_size=12,
    )
)
def test_spans_are_in_order_apart_from_each_other_and_within_the_words(texts: list[str]) -> None:
    folded = [word for text in texts for word in words(text)]
    end = 0
    for span in spoken_spans(folded):
        assert end <= span.start < span.end <= len(folded)
        assert span.codes
        end = span.end
