"""Codes, names, the choice of a text, direction."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from directory.errors import InvalidInput
from directory.languages import (
    INTERFACE,
    autonym,
    fallback,
    is_known,
    is_rtl,
    name,
    negotiate,
    normalize,
    pick,
)
from directory.languages.names import cldr


@pytest.mark.parametrize(
    ("code", "canonical"),
    [
        ("NB", "nb"),
        ("no", "nb"),
        ("nob", "nb"),
        ("no-NO", "nb-NO"),
        ("iw", "he"),
        ("in", "id"),
        ("tl", "fil"),
        ("rus", "ru"),
        ("mo", "ro"),
        ("sh", "sr-Latn"),
        ("zh-hans", "zh-Hans"),
        ("ZH-HANT-tw", "zh-Hant-TW"),
        ("zh-yue", "yue"),
        ("cmn", "zh"),
        ("pt_br", "pt-BR"),
        ("es-419", "es-419"),
        ("kmr", "ku"),
        ("ckb", "ckb"),
        ("prs", "prs"),
        ("nsl", "nsl"),
        ("sgn-NO", "nsl"),
        ("sgn", "sgn"),
        ("se", "se"),
        (" uk ", "uk"),
    ],
)
def test_a_language_is_always_written_the_same_way(code: str, canonical: str) -> None:
    assert normalize(code) == canonical
    assert normalize(canonical) == canonical
    assert is_known(code)


@pytest.mark.parametrize(
    "code",
    [
        "",
        "x",
        "xx",
        "norsk",
        "und",
        "zxx",
        "mul",
        "nb-",
        "nb--NO",
        "nb-ZZ-ZZ",
        "nb-XY",
        "en-Zork",
        "русский",
        "a" * 99,
    ],
)
def test_what_is_no_language_is_refused_by_the_name_of_the_field(code: str) -> None:
    assert not is_known(code)
    with pytest.raises(InvalidInput) as refused:
        normalize(code)
    assert list(refused.value.errors) == ["language"]
    assert "BCP 47" in refused.value.errors["language"][0]
    assert len(refused.value.errors["language"][0]) < 250


@pytest.mark.parametrize(
    ("typed", "nearest"),
    [("russisk", "ru"), ("Russian", "ru"), ("rusisk", "ru"), ("русский", "ru"), ("farsi", "fa")],
)
def test_the_refusal_of_a_name_or_a_slip_tells_the_code(typed: str, nearest: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        normalize(typed)
    assert f"Nearest: {nearest}" in refused.value.errors["language"][0]


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    st.one_of(st.text(max_size=40), st.from_regex(r"[a-z]{2,3}([-_][a-zA-Z0-9]{2,8}){0,3}", fullmatch=True))
)
def test_whatever_is_typed_is_a_language_or_refused(code: str) -> None:
    try:
        canonical = normalize(code)
    except InvalidInput:
        assert not is_known(code)
    else:
        assert normalize(canonical) == canonical
    assert name(code, "nb") is not None
    assert autonym(code) is not None
    assert is_rtl(code) in (True, False)
    assert fallback(code)
    assert negotiate(code) in INTERFACE


@pytest.mark.parametrize(
    ("code", "lang", "expected"),
    [
        ("ru", "nb", "russisk"),
        ("ru", "en", "Russian"),
        ("ru", "ru", "русский"),
        ("ru", "so", "Ruush"),
        ("no", "nb", "norsk bokmål"),
        ("prs", "nb", "dari"),
        ("prs", "so", "Dari"),
        ("ckb", "en", "Kurdish (Sorani)"),
        ("nsl", "nb", "norsk tegnspråk"),
        ("nsl", "uk", "норвезька жестова мова"),
        ("se", "nb", "nordsamisk"),
        ("pt-BR", "nb", "portugisisk (Brasil)"),
        ("sr-Latn", "nb", "serbisk (latinsk)"),
        ("swl", "nn", "svensk tegnspråk"),  # by way of nb
        ("ru", "fi", "venäjä"),
        ("ru", "?", "Russian"),
        ("nonsense", "nb", "nonsense"),
    ],
)
def test_a_language_is_called_what_its_readers_call_it(code: str, lang: str, expected: str) -> None:
    assert name(code, lang) == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("nb", "norsk bokmål"),
        ("ru", "русский"),
        ("ar", "العربية"),
        ("so", "Soomaali"),
        ("ti", "ትግርኛ"),
        ("prs", "دری"),
        ("se", "davvisámegiella"),
        ("nsl", "norsk tegnspråk"),
        ("zz", "zz"),
    ],
)
def test_a_language_calls_itself_by_its_own_name(code: str, expected: str) -> None:
    assert autonym(code) == expected


def test_every_language_of_the_interface_has_names_and_is_named_in_all_of_them() -> None:
    for lang in INTERFACE:
        assert cldr(lang) is not None
        assert len({name(code, lang) for code in INTERFACE}) == len(INTERFACE)
        assert autonym(lang) != lang


def test_the_order_in_which_a_text_is_chosen() -> None:
    assert fallback("nn")[:4] == ("nn", "nb", "da", "en")
    assert fallback("sv")[:4] == ("sv", "nb", "da", "en")
    assert fallback("ru")[:3] == ("ru", "en", "nb")
    assert fallback("uk")[:3] == ("uk", "en", "nb")
    assert fallback("pt-BR")[:3] == ("pt-BR", "pt", "en")
    assert fallback("se")[:2] == ("se", "nb")
    assert fallback("prs")[:2] == ("prs", "fa")
    assert fallback("no") == fallback("nb")
    assert fallback("?")[0] == "en"


@pytest.mark.parametrize("lang", [*INTERFACE, "fi", "zh-Hans", "?"])
def test_every_language_of_the_interface_is_in_the_order_once(lang: str) -> None:
    order = fallback(lang)
    assert set(INTERFACE) <= set(order)
    assert len(order) == len(set(order))


def test_a_text_is_picked_by_that_order_and_anything_is_better_than_nothing() -> None:
    texts = {"en": "Help", "nb": "Hjelp", "ru": "Помощь"}
    assert pick(texts, "nn") == ("nb", "Hjelp")
    assert pick(texts, "uk") == ("en", "Help")
    assert pick(texts, "ru") == ("ru", "Помощь")
    assert pick({"fi": "Apua", "et": "Abi"}, "nb") == ("fi", "Apua")
    assert pick({"nb": " ", "da": "Hjælp"}, "nb") == ("da", "Hjælp")
    assert pick({"nb": ""}, "nb") is None
    assert pick({}, "nb") is None


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, "nb"),
        ("", "nb"),
        ("ru", "ru"),
        ("no", "nb"),
        ("no-NO,no;q=0.9,en;q=0.8", "nb"),
        ("en-US,en;q=0.9", "en"),
        ("de, fr;q=0.9, pl;q=0.3", "pl"),
        ("en;q=0.5, ru;q=0.9", "ru"),
        ("EN; Q=0.5 , RU; q=0.75", "ru"),
        ("ru;q=0.8, uk;q=0.8", "ru"),
        ("ru;q=0, en;q=0.1", "en"),
        ("en-GB;q=0, en;q=0.5", "en"),
        ("en;q=0.5, en-GB;q=0", "en"),
        ("nb;q=0, en;q=0.1", "en"),
        ("*", "nb"),
        ("ru;q=0.5, *;q=0.9", "nb"),
        ("ru, *;q=0.1", "ru"),
        ("zh-Hans-CN", "nb"),
        ("ar-EG-u-nu-latn", "nb"),
        ("sv-FI", "sv"),
        ("ru;q=2", "nb"),
        ("ru;q=x, pl", "pl"),
        ("ru;level=1", "nb"),
        (";;;,,,q=1,=", "nb"),
        ("\x00\uffff" * 5000, "nb"),
        ("xx," * 1000 + "ru", "nb"),
    ],
)
def test_a_browsers_wish_is_met_by_the_best_language_there_is(header: str | None, expected: str) -> None:
    assert negotiate(header) == expected


def test_the_default_is_the_callers_to_choose() -> None:
    assert negotiate(None, "en") == "en"
    assert negotiate("*", "sv") == "sv"
    assert negotiate("fi", "nn") == "nn"


def test_direction_follows_the_script() -> None:
    right_to_left = [
        "ar",
        "fa",
        "prs",
        "ps",
        "ur",
        "he",
        "iw",
        "ckb",
        "yi",
        "dv",
        "ku-Arab",
        "pa-PK",
        "ar-NO",
        "az-Arab",
    ]
    left_to_right = ["nb", "ru", "so", "ku", "pa", "ti", "zh", "ar-Latn", "nsl", "?", ""]
    assert [code for code in right_to_left if not is_rtl(code)] == []
    assert [code for code in left_to_right if is_rtl(code)] == []
