"""The sites that may hold a partner's widget."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.errors import InvalidInput
from directory.partners.origins import MOST, check_origins


def kept(*given: str, on_this_machine: bool = False) -> list[str]:
    return check_origins(given, on_this_machine=on_this_machine)


def refused(*given: str, on_this_machine: bool = False) -> list[str]:
    with pytest.raises(InvalidInput) as told:
        kept(*given, on_this_machine=on_this_machine)
    assert list(told.value.errors) == ["origins"]
    return told.value.errors["origins"]


@pytest.mark.parametrize(
    ("given", "as_a_browser_writes_it"),
    [
        ("https://www.example.org", "https://www.example.org"),
        (" HTTPS://Www.Example.ORG/ ", "https://www.example.org"),
        ("https://example.org:443", "https://example.org"),
        ("https://example.org:8443/", "https://example.org:8443"),
        ("https://hjelp-når.example", "https://xn--hjelp-nr-g0a.example"),
        ("https://straße.example", "https://xn--strae-oqa.example"),  # not strasse, which is another's site
        ("https://Ｅxample。org", "https://example.org"),
        ("https://intranet", "https://intranet"),
    ],
)
def test_a_site_is_kept_as_a_browser_writes_its_origin(given: str, as_a_browser_writes_it: str) -> None:
    assert kept(given) == [as_a_browser_writes_it]


def test_each_is_kept_once_in_the_order_given_and_there_is_room_for_some() -> None:
    assert kept() == []
    assert kept("https://b.example", "https://a.example/", "https://b.example") == [
        "https://b.example",
        "https://a.example",
    ]
    many = [f"https://{number}.example" for number in range(MOST + 1)]
    assert kept(*many[:MOST]) == many[:MOST]
    assert str(MOST) in refused(*many)[0]


@pytest.mark.parametrize(
    "given",
    [
        "",
        " ",
        "null",
        "*",
        "example.org",
        "//example.org",
        "http://example.org",
        "ftp://example.org",
        "javascript://example.org",
        "https://",
        "https://*.example.org",
        "https://example.org/page",
        "https://example.org?",
        "https://example.org#",
        "https://kari@example.org",
        "https://:@example.org",
        "https://example.org.",
        "https://.example.org",
        "https://exa_mple.org",
        "https://-a.example",
        "https://example.org:0",
        "https://example.org:65536",
        "https://example.org:x",
        "https://example.org; script-src *",
        "https://example.org;script-src",
        "https://example.org,https://other.example",
        "https://example.org\nhttps://other.example",
        "https://example.org\r\nX-Other: 1",
        "https://example.org\\@other.example",
        "https://192.0.2.1",
        "https://0x7f.1",
        "https://127.1",
        "https://127.0.0.1",
        "https://localhost.1",
        "https://[2001:db8::1]",
        "https://\u202eexample.org",
        "https://exa\x00mple.org",
        "https://\ud800.org",
        "https://" + "a" * 64 + ".org",
        "https://" + "a." * 200 + "org",
    ],
)
def test_what_is_no_site_is_refused(given: str) -> None:
    (said,) = refused("https://good.example", given)
    said.encode("utf-8")


def test_sites_on_this_machine_are_for_trying_out() -> None:
    for site in ("http://127.0.0.1:8080", "http://localhost", "https://localhost:8443"):
        assert kept(site, on_this_machine=True) == [site]
    refused("http://127.0.0.1:8080")
    refused("http://localhost:8080")
    refused("http://127.0.0.2:8080", on_this_machine=True)
    refused("http://example.org", on_this_machine=True)


def test_every_site_that_is_none_is_named() -> None:
    first, second = refused("http://a.example", "https://b.example", "https://c.example/page")
    assert "a.example" in first and "c.example/page" in second


@given(st.text(max_size=40).map(lambda text: f"https://{text}") | st.text(max_size=40))
def test_whatever_is_let_through_is_an_origin_and_nothing_more(text: str) -> None:
    try:
        (origin,) = kept(text)
    except InvalidInput:
        return
    assert re.fullmatch(r"https://[a-z0-9-]+(\.[a-z0-9-]+)*(:[1-9][0-9]{0,4})?", origin)
    assert kept(origin) == [origin]
