"""A partner's colour in the frame: kept where it can be read, else brought to where it can."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.web.assets import STATIC, TOKENS
from directory.web.widget import colours

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"{number:06x}")


@pytest.mark.parametrize(
    ("text", "colour"),
    [
        ("#0b5563", "0b5563"),
        (" #0B5563 ", "0b5563"),
        ("0b5563", "0b5563"),
        ("#abc", "aabbcc"),
        ("", None),
        ("teal", None),
        ("#0b556", None),
        ("#0b55633", None),
        ("#0b5563;}body{display:none", None),
        ("#0b5563\n", "0b5563"),
        ("#０b5563", None),
        ("##0b5563", None),
    ],
)
def test_a_colour_is_three_or_six_digits_and_nothing_else(text: str, colour: str | None) -> None:
    assert colours.colour_of(text) == colour


def test_contrast_is_that_of_the_guidelines() -> None:
    black, white, grey = (0, 0, 0), (255, 255, 255), (0x76, 0x76, 0x76)
    assert colours.contrast(black, white) == colours.contrast(white, black) == 21
    assert colours.contrast(white, white) == 1
    assert colours.contrast(grey, white) == pytest.approx(4.54, abs=0.005)  # the lightest grey that passes


def test_the_colours_of_our_own_pages_are_found_light_and_dark() -> None:
    light, dark = colours.tokens()
    assert list(light) == list(dark)
    written = (STATIC / TOKENS).read_text("utf-8")
    assert all(f"{name}: {value};" in written for both in (light, dark) for name, value in both.items())
    assert {*colours.GROUNDS, "--ink", "--link", "--first", "--on-first", "--danger"} <= set(light)
    assert colours.luminance(colours.rgb(light["--sheet"])) > colours.luminance(colours.rgb(dark["--sheet"]))


@given(COLOURS, st.booleans())
def test_whatever_the_colour_text_in_it_and_on_it_can_be_read(colour: str, in_the_dark: bool) -> None:
    ground = colours.tokens()[in_the_dark]
    found = {name: colours.rgb(value) for name, value in colours.accents(colour, ground).items()}
    for name in ("--link", "--link-over"):
        for under in colours.GROUNDS:
            assert colours.contrast(found[name], colours.rgb(ground[under])) >= 4.5
    for name in ("--first", "--first-over"):
        assert colours.contrast(found["--on-first"], found[name]) >= 4.5


def test_a_colour_that_can_be_read_is_kept_as_it_is() -> None:
    light, dark = colours.tokens()
    assert colours.accents("0b5563", light)["--link"] == "#0b5563"
    assert colours.accents("85cfdb", dark)["--link"] == "#85cfdb"
    assert colours.accents("ffee00", light)["--link"] != "#ffee00"
    assert colours.accents("000080", dark)["--link"] != "#000080"


@pytest.mark.parametrize("theme", colours.THEMES)
def test_a_style_sheet_says_only_what_differs_and_nothing_to_who_wants_contrast(theme: str) -> None:
    plain, own = colours.style_sheet(theme, None), colours.style_sheet(theme, "c02060")
    light, dark = colours.tokens()
    assert (plain == "") == (theme == colours.AUTO)
    assert own.startswith("@media screen{@media not (prefers-contrast:more){") and own.count(
        "{"
    ) == own.count("}")
    accents = {
        ground: colours.accents("c02060", tokens)["--link"] for ground, tokens in (("l", light), ("d", dark))
    }
    assert (f"--link:{accents['l']}" in own) == (theme != colours.DARK)
    assert (f"--link:{accents['d']}" in own) == (theme != colours.LIGHT)
    if theme != colours.AUTO:
        assert f":root{{color-scheme:{theme};" in plain
        assert f"--paper:{(light if theme == colours.LIGHT else dark)['--paper']}" in plain
