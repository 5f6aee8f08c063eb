"""What is written onto a word in Arabic and in Somali: the word without it, and as it sounds where spelling varies.

Snowball knows the Arabic of books. People write as they speak: Levantine "بيضربني", Egyptian "هيموت", Moroccan
"كيضرب", and Arabic in Latin letters with digits ("7abub"). Somali has no stemmer, and each word several spellings.
All words come in folded. What is no word but a key is marked with "~", so that it meets no word of another language.
"""

from __future__ import annotations

import re

_BEFORE = (
    "وبال",
    "وال",
    "بال",
    "فال",
    "كال",
    "هال",
    "عال",
    "ولل",
    "لل",
    "ال",
    "وب",
    "ول",
    "و",
    "ب",
    "ل",
    "ف",
)
_BEFORE_VERB = ("ك", "س", "ح", "ه")  # what is, and what will be; then the verb begins with one of these
_PERSON = frozenset("يتنا")
_AFTER = ("ني", "ها", "هم", "هن", "كم", "نا", "ين", "ون", "ات", "وا", "تي", "ه", "ك", "ي", "و", "ش", "ا", "ت")
_LEAST = 3  # letters of what is left
# How the letters are written in Latin; vowels are left out, as half of them are in Arabic itself.
_LATIN = {
    "ب": "b", "ت": "t", "ث": "t", "ج": "j", "ح": "h", "خ": "k", "د": "d", "ذ": "d", "ر": "r", "ز": "z", "س": "s",
    "ش": "s", "ص": "s", "ض": "d", "ط": "t", "ظ": "z", "ع": "", "غ": "g", "ف": "f", "ق": "k", "ك": "k", "ل": "l",
    "م": "m", "ن": "n", "ه": "h", "ا": "", "و": "", "ي": "", "ء": "", "چ": "j", "پ": "b", "ڤ": "f", "گ": "g",
}  # fmt: skip
_TYPED = (("sh", "s"), ("ch", "s"), ("kh", "k"), ("gh", "g"), ("th", "t"), ("dh", "d"), ("7", "h"), ("5", "k"),
    ("9", "s"), ("8", "g"), ("6", "t"), ("q", "k"), ("p", "b"), ("v", "f"), ("x", "ks"), ("c", "k"))  # fmt: skip
_UNHEARD = re.compile(r"[^a-z]|[aeiouwy]")
_TWICE = re.compile(r"(.)\1+")
_SHORTEST_SKELETON = 3


def arabic(word: str, *, asked: bool = False) -> set[str]:
    """The word without what may be written before and after it; what is only part of the word as well, by chance.

    ``asked``: as people write it, with what is spoken before a verb.
    """
    whole = {word}
    for before in _BEFORE:
        if word.startswith(before) and len(word) - len(before) >= _LEAST:
            whole.add(word[len(before) :])
    for found in tuple(whole) if asked else ():
        if found[0] in _BEFORE_VERB and len(found) >= 5 and found[1] in _PERSON:
            whole.add(found[1:])
    cut = {
        found[: -len(after)]
        for found in whole
        for after in _AFTER
        if found.endswith(after) and len(found) - len(after) >= _LEAST
    }
    return whole | cut


def arabic_in_latin(word: str) -> set[str]:
    """A key by the consonants of an Arabic word in either script: "مدمن", "modmen" and "mudmin" have one.

    >>> arabic_in_latin("7abub") == arabic_in_latin("حبوب")
    True
    """
    if word.isascii():
        word = _TWICE.sub(r"\1", word)
        for typed, heard in _TYPED:
            word = word.replace(typed, heard)
        key = _UNHEARD.sub("", word)
    else:
        key = "".join(_LATIN.get(c, "") for c in word.removeprefix("ال"))
        if word.endswith("ه"):  # the ending of a feminine word is not heard
            key = key[:-1]
    if word.isascii() and word.endswith(("ah", "eh")):
        key = key[:-1]
    return {f"{key}~ar"} if len(key) >= _SHORTEST_SKELETON else set()


_SPELLINGS = (
    (re.compile(r"['’`]"), ""),
    (re.compile(r"(?<=[aeiou])dh(?=[aeiou])"), "r"),
    (re.compile("kh"), "k"),
    (re.compile("dh"), "d"),
    (re.compile("q"), "k"),
    (re.compile("x"), "h"),
    (re.compile("ey"), "ay"),
    (re.compile("ow"), "aw"),
    (_TWICE, r"\1"),
)
_OWNERS = "ayga aygu ayda aydu aga agu isa isu eda edu ena enu ina inu oda odu aygi ayi ani anu"
_MORE = """a i o u n ay in en an yo yal yasha yada ada aha ahi iga igi oga aya ayo ayso aysa ayn ayan ayay inta
    ista so sa san ini sin nay naya nayo sanaya sanayo la lo lay ad aday ado ata atay"""
_ENDINGS = frozenset(
    [c + owner for c in ("k", "g", "h", "t", "d", "sh") for owner in _OWNERS.split()]
    + [c + v for c in ("k", "g", "h", "t", "d", "sh") for v in ("a", "u", "i", "an", "as", "o", "ay")]
    + _MORE.split()
)
_LONG = 4  # letters of an ending that leaves even a short word
# Words of grammar that are like a word of meaning with an ending cut off ("that I": "boy").
_GRAMMAR = "inan inay inun ayan ayay wanu badan kasta markii hadan kalana hada marka sidi"
_LITTLE = frozenset(_GRAMMAR.split())
_LONGEST = max(map(len, _ENDINGS))


def somali(word: str) -> set[str]:
    """Keys of a Somali word: as it sounds, and without each of the endings it may have.

    >>> bool(somali("wiilkeygu") & somali("wiil"))
    True
    """
    for spelling, sound in _SPELLINGS:
        word = spelling.sub(sound, word)
    if len(word) < _LEAST or word in _LITTLE:
        return set()
    found = {word}
    for length in range(1, _LONGEST + 1):
        left = len(word) - length
        if left >= (_LEAST if length >= _LONG else _LEAST + 1) and word[left:] in _ENDINGS:
            found.add(word[:left])
    return {f"{key[:-1]}a~so" if key[-1] == "o" else f"{key}~so" for key in found}
