"""A language asked for by its code: canonical, or refused with the nearest ones that are known."""

from __future__ import annotations

from functools import lru_cache

from directory.errors import InvalidInput
from directory.languages.codes import LONGEST, canonical
from directory.languages.forms import SOUGHT, lexicon
from directory.spelling import words


@lru_cache(maxsize=4096)
def normalize(code: str) -> str:
    """The canonical form of a BCP 47 code: "NB" -> "nb", "no" -> "nb", "iw" -> "he", "pt_br" -> "pt-BR",
    "zh-Hans" kept.

    InvalidInput for ``language`` when it is none that is known, with the nearest valid ones.
    """
    found = canonical(code)
    if found is None:
        nearest = ", ".join(nearest_codes(code[:LONGEST]))
        hint = f" Nearest: {nearest}." if nearest else ""
        raise InvalidInput.of(
            "language",
            f"“{code[:LONGEST]}” is not a known language. It takes a BCP 47 code such as nb, en, ru or "
            f"so.{hint}",
        )
    return found


def nearest_codes(text: str) -> list[str]:
    """At most three codes of languages whose name or code is most like a text; for telling what a field takes."""
    from rapidfuzz import process
    from rapidfuzz.distance import JaroWinkler

    key = " ".join(words(text))
    forms = lexicon()
    if key in forms:
        return list(forms[key].codes[:3])
    choices: dict[str, tuple[str, ...]] = {form: entry.codes for form, entry in forms.items()}
    choices |= {code: (code,) for code in SOUGHT if code != "no"}
    best = process.extract(key, list(choices), scorer=JaroWinkler.similarity, limit=10, score_cutoff=0.75)
    codes = dict.fromkeys(code for form, _, _ in best for code in choices[form])
    return list(codes)[:3]
