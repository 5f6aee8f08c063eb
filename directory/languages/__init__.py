"""Languages: BCP 47 codes, their names, which text to choose, which way it runs, and which language a person
asks for.

Pure: no Flask, no database. Names are CLDR's (by Babel), loaded when first used; the few that CLDR lacks
stand in ``names``. A code is canonical here: "no" is "nb", "iw" is "he", "tl" is "fil", "rus" is "ru"; Dari
is "prs" and not "fa-AF", because the two are asked for apart.
"""

from __future__ import annotations

from directory.languages.asked import normalize
from directory.languages.choosing import INTERFACE, fallback, negotiate, pick
from directory.languages.codes import is_known, is_rtl
from directory.languages.names import autonym, name
from directory.languages.spoken import LanguageSpan, spoken_spans

__all__ = [
    "INTERFACE",
    "LanguageSpan",
    "autonym",
    "fallback",
    "is_known",
    "is_rtl",
    "name",
    "negotiate",
    "normalize",
    "pick",
    "spoken_spans",
]
