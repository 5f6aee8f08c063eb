"""What a language is called, in other languages and in itself. CLDR's names, and the few that it lacks or
puts oddly."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from directory.languages.autonyms import AUTONYMS
from directory.languages.choosing import fallback
from directory.languages.codes import canonical

if TYPE_CHECKING:
    from babel import Locale

# CLDR has no sign languages, no name of its own for Dari's code, and "Central Kurdish" for what all who speak
# it, and every list of interpreters, call Sorani. Arabic and Somali await a native reader.
_OWN: dict[str, dict[str, str]] = {
    "sgn": {
        "nb": "tegnspråk",
        "nn": "teiknspråk",
        "en": "sign language",
        "da": "tegnsprog",
        "sv": "teckenspråk",
        "ru": "жестовый язык",
        "uk": "жестова мова",
        "pl": "język migowy",
        "ar": "لغة الإشارة",
        "so": "luqadda dhegoolaha",
    },
    "nsl": {
        "nb": "norsk tegnspråk",
        "nn": "norsk teiknspråk",
        "en": "Norwegian Sign Language",
        "da": "norsk tegnsprog",
        "sv": "norskt teckenspråk",
        "ru": "норвежский жестовый язык",
        "uk": "норвезька жестова мова",
        "pl": "norweski język migowy",
        "ar": "لغة الإشارة النرويجية",
    },
    "swl": {"nb": "svensk tegnspråk", "en": "Swedish Sign Language", "sv": "svenskt teckenspråk"},
    "dsl": {"nb": "dansk tegnspråk", "en": "Danish Sign Language", "da": "dansk tegnsprog"},
    "bfi": {"nb": "britisk tegnspråk", "en": "British Sign Language"},
    "fse": {"nb": "finsk tegnspråk", "en": "Finnish Sign Language"},
    "prs": {"so": "Dari"},
    "ckb": {
        "nb": "kurdisk (sorani)",
        "nn": "kurdisk (sorani)",
        "en": "Kurdish (Sorani)",
        "da": "kurdisk (sorani)",
        "sv": "kurdiska (sorani)",
        "ru": "курдский (сорани)",
        "uk": "курдська (сорані)",
        "pl": "kurdyjski (sorani)",
        "ar": "الكردية (السورانية)",
        "so": "Kurdi (Soorani)",
    },
}
_AUTONYMS = {
    "prs": "دری",
    "nsl": "norsk tegnspråk",
    "swl": "svenskt teckenspråk",
    "dsl": "dansk tegnsprog",
    "bfi": "British Sign Language",
    "fse": "suomalainen viittomakieli",
    "rom": "romani čhib",
    "smj": "julevsámegiella",
    "sma": "åarjelsaemien gïele",
}


@lru_cache(maxsize=4096)
def name(code: str, lang: str) -> str:
    """The name of a language for readers of ``lang``, as it stands within a sentence there: "russisk" in nb,
    "Russian" in en.

    Where it has none there: the name in the languages that ``lang`` falls back to, then its own, then the
    code.
    """
    known = canonical(code)
    if known is None:
        return code
    for reader in fallback(lang):
        found = _name_in(known, reader)
        if found:
            return found
    return autonym(known)


@lru_cache(maxsize=1024)
def autonym(code: str) -> str:
    """What the language calls itself, in its own script; the code where that isn't known."""
    known = canonical(code)
    if known is None:
        return code
    if known in _AUTONYMS:
        return _AUTONYMS[known]
    if known in AUTONYMS:
        return AUTONYMS[known]
    return _name_in(known, known) or _name_in(known, known.split("-")[0]) or known


def _name_in(code: str, reader: str) -> str | None:
    own = _OWN.get(code, {}).get(reader)
    if own:
        return own
    locale = cldr(reader)
    if locale is None:
        return None
    key = "fa_AF" if code == "prs" else code.replace("-", "_")
    whole = locale.languages.get(key)
    if whole:
        return whole
    language, *rest = key.split("_")
    base = locale.languages.get(language)
    if base is None or not rest:
        return base
    parts = [locale.scripts.get(part) or locale.territories.get(part) or part for part in rest]
    return f"{base} ({', '.join(parts)})"


@lru_cache(maxsize=64)
def cldr(code: str) -> Locale | None:
    """CLDR's data in a language; None when there is none."""
    from babel import Locale, UnknownLocaleError

    try:
        return Locale.parse("fa_AF" if code == "prs" else code.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return None
