"""The words by which people name a language: CLDR's names in the languages of the interface and in the
language itself, what CLDR lacks, and their inflections by rule. All folded (``directory.spelling``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from directory.languages.choosing import INTERFACE
from directory.languages.names import autonym, cldr
from directory.spelling import words

# The languages that are asked for in Norway: IMDi's and the courts' lists of interpreters, the Nordic
# languages, and those of neighbours and travellers. Not all of CLDR's 600: too many of their names are words
# of something else.
_SOUGHT = """
nb nn no en sv da fi is fo kl se smj sma sgn nsl de nl fr es pt it ca eu ga cy mt el tr az kk ky uz
tk tg tt ug mn
pl cs sk sl hr bs sr mk bg ru uk be lt lv et hu ro sq ka hy yi he ar prs fa ps ku ckb ur hi pa gu mr
bn ne si ta te ml
my th lo km vi id ms fil zh yue ja ko bo am ti om so aa sw rw rn ln lg zu af wo ff ha yo ig mg
rom ce
"""
SOUGHT = tuple(_SOUGHT.split())

# Where one name means several, best first
_CODES = {
    "no": ("nb", "nn"),
    "sgn": ("sgn", "nsl"),
    "fa": ("fa", "prs"),
    "prs": ("prs", "fa"),
    "ku": ("ku", "ckb"),
    "ckb": ("ckb", "ku"),
    "sh": ("sr", "hr", "bs"),
    "smi": ("se", "smj", "sma"),
    "afg": ("prs", "ps"),
}

# grammar -> code -> further names. The grammar says which prepositions and endings go with them.
_FURTHER: dict[str, dict[str, str]] = {
    "nb": {
        "fa": "farsi",
        "prs": "dari",
        "afg": "afghansk",
        "ps": "pashto, pashtu",
        "ku": "kurmanji, kurmandji, badini, bahdini",
        "ckb": "sorani",
        "ti": "tigrinja, tigrinya, tigrinsk",
        "zh": "mandarin",
        "yue": "kantonesisk",
        "fil": "tagalog, filippinsk",
        "nl": "hollandsk, flamsk",
        "lv": "latvisk",
        "ro": "moldovsk",
        "sh": "serbokroatisk",
        "smi": "samisk",
        "se": "nordsamisk",
        "smj": "lulesamisk",
        "sma": "sørsamisk",
        "nb": "bokmål",
        "nn": "nynorsk",
        "om": "oromo",
        "pa": "punjabi, panjabi",
        "my": "burmesisk",
        "ne": "nepalsk",
        "bn": "bengalsk",
        "sw": "kiswahili",
        "ur": "urdu",
        "rom": "romanes",
        "so": "somali, somalisk",
        "th": "thai, thailandsk",
        "sgn": "tegnspråk, teiknspråk",
        "nsl": "norsk tegnspråk, norsk teiknspråk",
        "id": "bahasa, bahasa indonesia",
    },
    "da": {"sgn": "tegnsprog", "nl": "hollandsk", "smi": "samisk", "sh": "serbokroatisk"},
    "sv": {
        "fa": "farsi",
        "prs": "dari",
        "sgn": "teckenspråk",
        "nsl": "norskt teckenspråk",
        "nl": "holländska, flamländska",
        "smi": "samiska",
        "ckb": "sorani",
        "ku": "kurmanji",
        "yue": "kantonesiska",
        "zh": "mandarin",
        "sh": "serbokroatiska",
        "so": "somaliska, somali",
        "fil": "tagalog",
    },
    "en": {
        "fa": "farsi",
        "prs": "dari",
        "ps": "pashto, pashtu",
        "ku": "kurmanji",
        "ckb": "sorani",
        "ti": "tigrigna, tigrinya",
        "zh": "mandarin",
        "yue": "cantonese",
        "fil": "tagalog",
        "nl": "flemish",
        "ro": "moldovan",
        "sh": "serbo croatian",
        "smi": "sami",
        "sgn": "sign language",
        "nsl": "norwegian sign language",
        "pa": "panjabi",
        "es": "castilian",
        "om": "afaan oromo",
    },
    "ru": {
        "fa": "фарси",
        "zh": "мандаринский, путунхуа",
        "yue": "кантонский",
        "sgn": "язык жестов, языке жестов, жестовый язык, жестовом языке, жестового языка, жестовым языком",
        "ps": "пушту, пашто",
        "fil": "тагальский",
        "smi": "саамский",
        "nl": "голландский",
        "ro": "молдавский",
        "ckb": "сорани",
        "ku": "курманджи",
        "so": "сомалийский",
        "sh": "сербохорватский",
    },
    "uk": {
        "fa": "фарсі",
        "sgn": "мова жестів, мовою жестів, мові жестів, жестова мова, жестовою мовою, жестовій мові",
        "ps": "пушту",
        "nl": "голландська",
        "smi": "саамська",
        "ro": "молдовська, молдавська",
        "so": "сомалійська",
    },
    "pl": {
        "fa": "farsi",
        "prs": "dari",
        "sgn": "migowy, migowego, migowym, język migowy, języku migowym, języka migowego",
        "nl": "holenderski",
        "zh": "mandaryński",
        "yue": "kantoński",
        "smi": "lapoński, saamski",
        "ro": "mołdawski",
        "sh": "serbsko chorwacki",
        "ku": "kurmandżi",
    },
    "ar": {
        "sgn": "لغة الإشارة, بلغة الإشارة",
        "prs": "الدرية, داري",
        "ps": "البشتو, بشتو",
        "ti": "التجرينية, تجرينيا, تغرينيا",
        "ckb": "سوراني",
        "ku": "كرمانجي",
        "ur": "أردو, الأوردو, أوردو",
        "fa": "فارسي",
        "smi": "السامية",
    },
    "so": {
        "en": "ingiriis, ingiriisi, ingiriisiga",
        "ar": "carabi, carabiga",
        "no": "noorwiiji, noorwiijiga, noorweeji, noorweejiga",
        "ru": "ruush, ruushka",
        "so": "soomaaliga",
        "fr": "faransiis, faransiiska",
        "de": "jarmal, jarmalka",
        "tr": "turki, turkiga",
        "sw": "sawaaxili, sawaaxiliga",
        "am": "axmaari, amxaari, amxaariga",
    },
    # in the language itself, where its name is not the word that is used for "in it"
    "fi": {"fi": "suomeksi"},
    "lt": {"lt": "lietuviškai, lietuviu"},
    "lv": {"lv": "latviski"},
    "hu": {"hu": "magyarul"},
    "ro": {"ro": "românește"},
    "cs": {"cs": "česky"},
    "sk": {"sk": "slovensky"},
    "sr": {"sr": "srpski, srpskom", "bs": "bosanskom", "hr": "hrvatskom"},
    "se": {"se": "davvisámegillii, sámegillii", "smi": "sámegiella"},
    "es": {"es": "castellano"},
    "zh": {"zh": "普通话, 汉语, 国语"},
    "tr": {"tr": "türkçe"},
}
# "in Finnish", "in Lithuanian" …: words that can only mean the language
_CERTAIN = frozenset(
    words("suomeksi lietuviškai latviski magyarul românește česky slovensky davvisámegillii sámegillii")
)
_SIGNED = (
    *words("tegnspråk teiknspråk tegnsprog teckenspråk migowy"),
    "sign language",
    "жестовый язык",
    "жестова мова",
)

_RUSSIAN = ("ий", "ого", "ому", "им", "ом", "ая", "ой", "ую", "ое", "ие", "их", "ими", "и")
_UKRAINIAN = ("а", "ої", "ій", "у", "ий", "ого", "ому", "им", "ім", "і", "их", "ими", "и", "е")
_POLISH = ("i", "iego", "iemu", "im", "a", "iej", "ie", "ich", "imi", "u")


@dataclass(frozen=True, slots=True)
class Form:
    codes: tuple[str, ...]  # best first
    grammars: frozenset[str]  # the languages whose word this is
    certain: bool = False  # can only mean the language, not a nationality


@lru_cache(maxsize=1)
def lexicon() -> dict[str, Form]:
    """Every form -> what it means. A form of several words is joined by spaces."""
    forms: dict[str, Form] = {}
    for grammar, code, written in _written():
        stem = " ".join(words(written))
        codes = _CODES.get(code, (code,))
        for form, certain in _inflections(stem, grammar):
            if len(form) < 2:
                continue
            known = forms.get(form)
            if known:
                codes_here = tuple(dict.fromkeys(known.codes + codes))
                forms[form] = Form(codes_here, known.grammars | {grammar}, known.certain or certain)
            else:
                forms[form] = Form(codes, frozenset({grammar}), certain)
    return forms


def _written() -> Iterator[tuple[str, str, str]]:
    """(grammar, code, name). What stands here comes first, so that its order of codes holds."""
    for grammar, names in _FURTHER.items():
        for code, written in names.items():
            for one in written.split(","):
                yield grammar, code, one
    for code in SOUGHT:
        key = "fa_AF" if code == "prs" else code
        for grammar in INTERFACE:
            locale = cldr(grammar)
            found = locale.languages.get(key) if locale else None
            # CLDR's Somali gives Dari the name of Persian
            if found and (grammar, code) != ("so", "prs"):
                yield grammar, code, found
        own = autonym(code)
        if own != code:
            yield "nb" if code == "no" else code, code, own


def _inflections(name: str, grammar: str) -> Iterator[tuple[str, bool]]:
    """The forms of a folded name, and whether a form can only mean the language."""
    yield name, name in _CERTAIN or name.endswith(_SIGNED)
    if grammar in ("nb", "nn", "da") and name.endswith("sk"):
        yield name + "e", False
    elif grammar == "sv" and name.endswith("ska"):
        for ending in ("", "t", "e"):
            yield name[:-1] + ending, False
    elif grammar == "ru" and name.endswith(("кий", "ный")) and " " not in name:
        for ending in _RUSSIAN:
            yield name[:-2] + ending, False
    elif grammar == "uk" and name.endswith("ка") and " " not in name:
        for ending in _UKRAINIAN:
            yield name[:-1] + ending, False
        yield name[:-1] + "ою", True  # the instrumental: "in Russian"
    elif grammar == "pl" and name.endswith("ki") and " " not in name:
        for ending in _POLISH:
            yield name[:-1] + ending, False
    elif grammar == "ar" and " " not in name:
        yield from _arabic(name)
    elif grammar == "so" and " " not in name:
        yield "af" + name, True


def _arabic(name: str) -> Iterator[tuple[str, bool]]:
    bare = name.removeprefix("ال")
    if len(bare) < 3:
        return
    for form in {bare, bare.removesuffix("ه")} if bare.endswith("يه") else {bare}:
        yield form, False
        yield "ال" + form, False
        yield "وال" + form, False
        yield "بال" + form, True
        yield "لل" + form, False
