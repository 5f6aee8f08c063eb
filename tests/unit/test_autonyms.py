from __future__ import annotations

from babel import Locale

from directory.languages import autonym
from directory.languages.autonyms import AUTONYMS


def test_a_language_calls_itself_what_cldr_says() -> None:
    for code, own in AUTONYMS.items():
        assert Locale.parse(code).languages[code] == own, code


def test_what_a_language_calls_itself_is_told_without_reading_all_of_cldr() -> None:
    assert (autonym("ti"), autonym("so"), autonym("nb")) == ("ትግርኛ", "Soomaali", "norsk bokmål")
