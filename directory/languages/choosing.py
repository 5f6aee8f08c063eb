"""Which language a text is shown in: for a reader's language, and for what a browser says it accepts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from directory.languages.codes import canonical

INTERFACE = ("nb", "nn", "en", "da", "sv", "ru", "uk", "pl", "ar", "so")  # the languages of the interface

# What readers of a language most likely read as well, best first. Who reads neither of these gets English
# before Norwegian; Russian does not stand in for Ukrainian, nor the other way, before English does.
_NEIGHBOURS = {
    "nb": ("nn", "da", "en", "sv"),
    "nn": ("nb", "da", "en", "sv"),
    "da": ("nb", "nn", "sv", "en"),
    "sv": ("nb", "da", "en", "nn"),
    "en": ("nb", "nn", "da", "sv"),
    "se": ("nb", "nn", "sv", "en"),
    "smj": ("se", "nb", "sv", "nn", "en"),
    "sma": ("se", "nb", "sv", "nn", "en"),
    "fo": ("da", "nb", "en"),
    "is": ("da", "en", "nb"),
    "kl": ("da", "en", "nb"),
    "fi": ("en", "sv", "nb"),
    "fa": ("prs", "en", "nb"),
    "prs": ("fa", "en", "nb"),
    "bs": ("hr", "sr", "en", "nb"),
    "hr": ("bs", "sr", "en", "nb"),
    "sr": ("bs", "hr", "en", "nb"),
    "be": ("ru", "en", "nb"),
}
_LONGEST_HEADER = 2000
_QUALITY = re.compile(r"[qQ]\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)")


@lru_cache(maxsize=1024)
def fallback(lang: str) -> tuple[str, ...]:
    """The order in which a text is chosen for a reader of ``lang``: itself, without its region and script,
    its neighbours, and at last every language of the interface. An unknown code gets English first.

    nn -> nn, nb, da, en, sv …; ru -> ru, en, nb …; pt-BR -> pt-BR, pt, en, nb …
    """
    code = canonical(lang)
    order: list[str] = []
    if code is not None:
        subtags = code.split("-")
        order += ["-".join(subtags[:length]) for length in range(len(subtags), 0, -1)]
        order += _NEIGHBOURS.get(subtags[0], ())
    order += ["en", *INTERFACE]
    return tuple(dict.fromkeys(order))


def pick(texts: Mapping[str, str], lang: str) -> tuple[str, str] | None:
    """(code, text) of the best text for a reader of ``lang``; when none of the order is there, the first
    there is. Blank texts are not there. None when there is nothing at all."""
    present = {code: text for code, text in texts.items() if text and text.strip()}
    for code in fallback(lang):
        if code in present:
            return code, present[code]
    return next(iter(present.items()), None)


def negotiate(accept_language: str | None, default: str = "nb") -> str:
    """The language of the interface that suits an Accept-Language header best (RFC 9110, 12.5.4), or
    ``default``.

    Higher quality first, then the header's own order. q=0 rules a language out. What cannot be read is passed
    over.
    """
    wanted: dict[str, float] = {}
    anything = 0.0
    for item in (accept_language or "")[:_LONGEST_HEADER].split(","):
        tag, *parameters = (part.strip() for part in item.split(";"))
        quality = 1.0
        if parameters:
            found = _QUALITY.fullmatch(parameters[0])
            if found is None or len(parameters) > 1:
                continue
            quality = float(found[1])
        if tag == "*":
            anything = quality
            continue
        code = canonical(tag) or ""
        language = code.split("-")[0]
        if language not in INTERFACE:
            continue
        if quality:
            wanted[language] = max(quality, wanted.get(language, 0.0))
        elif code == language:  # "en-GB;q=0" rules out one variety only
            wanted[language] = 0.0
    wanted.setdefault(default, anything)
    best = max(wanted, key=lambda language: wanted[language])
    return best if wanted[best] > 0 else default
