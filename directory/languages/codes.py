"""BCP 47 codes: which are known, and how one and the same language is always written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

LONGEST = 35  # characters; RFC 5646 section 4.4.1 asks for room for as much

_TAG = re.compile(
    r"(?P<language>[a-z]{2,3})(?:-(?P<extended>[a-z]{3}))?(?:-(?P<script>[a-z]{4}))?"
    r"(?:-(?P<region>[a-z]{2}|\d{3}))?(?P<variants>(?:-(?:[a-z0-9]{5,8}|\d[a-z0-9]{3}))*)"
)
# Where CLDR's aliases leave off, or merge what people ask for apart
_ALIASES = {"no": "nb", "prs": "prs", "kmr": "ku"}
# Redundant and grandfathered tags of the IANA registry that matter here
_WHOLE_TAGS = {
    "sgn-no": "nsl",
    "sgn-se": "swl",
    "sgn-dk": "dsl",
    "sgn-gb": "bfi",
    "no-bok": "nb",
    "no-nyn": "nn",
}
# Known to the IANA registry, but neither named by CLDR nor given a script there
_BESIDES_CLDR = frozenset({"sgn", "nsl", "swl", "dsl", "fse", "bfi", "prs"})
_RTL_SCRIPTS = frozenset({"Arab", "Hebr", "Thaa", "Syrc", "Nkoo", "Adlm", "Rohg", "Mand", "Samr"})


def is_known(code: str) -> bool:
    return canonical(code) is not None


@lru_cache(maxsize=4096)
def is_rtl(code: str) -> bool:
    """Whether the language is written from right to left, by its own script or else the likeliest (CLDR
    likelySubtags)."""
    known = canonical(code)
    return known is not None and _script(known) in _RTL_SCRIPTS


def _script(canonical: str) -> str | None:
    from babel.core import get_global

    subtags = canonical.split("-")
    written = next((s for s in subtags[1:] if len(s) == 4 and s.isalpha()), None)
    if written:
        return written
    if subtags[0] == "prs":
        return "Arab"
    likely = get_global("likely_subtags")
    found = likely.get("_".join(subtags[:2])) or likely.get(subtags[0])
    return found.split("_")[1] if found else None


@lru_cache(maxsize=4096)
def canonical(code: str) -> str | None:
    if len(code) > LONGEST:
        return None
    tag = code.strip().replace("_", "-").lower()
    if tag in _WHOLE_TAGS:
        return _WHOLE_TAGS[tag]
    match = _TAG.fullmatch(tag)
    if match is None:
        return None
    # "zh-yue" is the older way to write "yue"
    language = match["extended"] or match["language"]
    script = match["script"].title() if match["script"] else None
    region = match["region"].upper() if match["region"] else None
    alias = _ALIASES.get(language) or str(_cldr_aliases().get(language, language))
    language, _, implied = alias.partition("_")
    if len(implied) == 4:
        script = script or implied
    elif implied:
        region = region or implied
    if language not in _known_languages() or (script and script not in _scripts()):
        return None
    if region and region not in _regions():
        return None
    variants = match["variants"].lstrip("-")
    return "-".join(part for part in (language, script, region, variants) if part)


def _cldr_aliases() -> Mapping[str, object]:
    from babel.core import get_global

    return get_global("language_aliases")


@lru_cache(maxsize=1)
def _known_languages() -> frozenset[str]:
    from babel import Locale
    from babel.core import get_global

    named = {str(key) for key in Locale.parse("en").languages}
    written = {str(key) for key in get_global("likely_subtags")}
    # codes for "none", "several", "undetermined" name no language that anyone speaks
    known = {key for key in named | written | _BESIDES_CLDR if "_" not in key}
    return frozenset(known - {"und", "zxx", "mul", "mis", "root"})


@lru_cache(maxsize=1)
def _scripts() -> frozenset[str]:
    from babel import Locale

    return frozenset(Locale.parse("en").scripts)


@lru_cache(maxsize=1)
def _regions() -> frozenset[str]:
    from babel import Locale

    return frozenset(Locale.parse("en").territories)
