"""How the frame on a partner's site looks: light, dark or as the reader's device has it, in a colour of the partner's.

Readability comes first: whoever asks their device for more contrast gets our own colours, and a colour is darkened or
lightened until text in it can be read on all that it stands on (4.5:1; WCAG 2.2, 1.4.3).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from directory.web.assets import STATIC, TOKENS

AUTO, LIGHT, DARK = "auto", "light", "dark"
THEMES = (AUTO, LIGHT, DARK)
READABLE = 4.5
GROUNDS = ("--paper", "--sheet", "--sunk")  # what links and buttons stand on
_COLOUR = re.compile(r"#?([0-9a-f]{3}|[0-9a-f]{6})", re.IGNORECASE)
_ROOT = re.compile(r":root\s*\{(.*?)\}", re.DOTALL)
_TOKEN = re.compile(r"(--[\w-]+):\s*(#[0-9a-f]{6})\s*;")
_STEPS = 50  # between the colour that was asked for and black or white

Rgb = tuple[int, int, int]


def colour_of(text: str) -> str | None:
    """'0b5563' of '#0B5563', 'abc' of 'abc' in full; None of what is no colour.

    >>> colour_of("#0B5563"), colour_of("abc"), colour_of("teal")
    ('0b5563', 'aabbcc', None)
    """
    found = _COLOUR.fullmatch(text.strip())
    if found is None:
        return None
    digits = found.group(1).lower()
    return digits if len(digits) == 6 else "".join(2 * digit for digit in digits)


@lru_cache(maxsize=256)
def style_sheet(theme: str, colour: str | None) -> str:
    """What comes after the style sheet of our pages. ``theme``: one of THEMES; ``colour``: as ``colour_of``."""
    light, dark = tokens()
    parts = []
    if theme != AUTO:
        parts.append(f":root{{color-scheme:{theme};{_written(light if theme == LIGHT else dark)}}}")
    if colour:
        in_light, in_dark = (_written(accents(colour, ground)) for ground in (light, dark))
        if theme == AUTO:
            parts.append(f":root{{{in_light}}}@media (prefers-color-scheme:dark){{:root{{{in_dark}}}}}")
        else:
            parts.append(f":root{{{in_light if theme == LIGHT else in_dark}}}")
    return f"@media screen{{@media not (prefers-contrast:more){{{''.join(parts)}}}}}" if parts else ""


def accents(colour: str, ground: Mapping[str, str]) -> dict[str, str]:
    """The tokens that follow the colour, on these grounds: what is pressed and what leads somewhere."""
    grounds = [rgb(ground[name]) for name in GROUNDS]
    end = (
        (0, 0, 0) if luminance(rgb(ground["--sheet"])) > luminance(rgb(ground["--ink"])) else (255, 255, 255)
    )
    accent = readable(rgb(colour), grounds, end)
    over = mixed(accent, end, 0.3)
    on_accent = ground["--sheet"] if end == (0, 0, 0) else ground["--on-first"]
    return {
        "--link": written(accent),
        "--link-over": written(over),
        "--first": written(accent),
        "--first-over": written(over),
        "--on-first": on_accent,
        "--bar": written(accent),
    }


def readable(colour: Rgb, grounds: list[Rgb], end: Rgb) -> Rgb:
    """The colour, or the first on the way to ``end`` in which text can be read on all the grounds."""
    for step in range(_STEPS + 1):
        on_the_way = mixed(colour, end, step / _STEPS)
        if all(contrast(on_the_way, ground) >= READABLE for ground in grounds):
            return on_the_way
    return end


def contrast(one: Rgb, other: Rgb) -> float:
    """1 to 21, by WCAG 2.2."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: Rgb) -> float:
    """0 to 1, by WCAG 2.2 ("relative luminance")."""
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (part / 255 for part in colour)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def mixed(one: Rgb, other: Rgb, share: float) -> Rgb:
    """``share`` of the other, 0 to 1."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def rgb(colour: str) -> Rgb:
    """Of six digits, with or without #."""
    digits = colour.removeprefix("#")
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)


def written(colour: Rgb) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


@lru_cache(maxsize=1)
def tokens() -> tuple[dict[str, str], dict[str, str]]:
    """The colours of our own pages, light and dark: all that stand in both."""
    first, second = (
        dict(_TOKEN.findall(block)) for block in _ROOT.findall((STATIC / TOKENS).read_text("utf-8"))
    )
    light, dark = {name: first[name] for name in second}, second
    return light, dark


def _written(found: Mapping[str, str]) -> str:
    return ";".join(f"{name}:{value}" for name, value in found.items())
