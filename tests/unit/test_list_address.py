"""The address of a list: all of it behind the #, and nothing that a person could read from it."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.web.pages.list_address import address_of, fragment_of, ids_in, message_with, qr_code

FIRST, SECOND = UUID(int=1), UUID("99f0a1c5-0000-4000-8000-0000000000ff")


@given(st.lists(st.uuids(), max_size=30))
def test_a_list_comes_out_of_its_address_as_it_went_in(ids: list[UUID]) -> None:
    address = address_of("https://example.org", "nb", ids)
    assert ids_in(address) == (ids, 0)
    assert urlsplit(address)._replace(fragment="").geturl() == "https://example.org/nb/list"


def test_a_link_that_a_message_has_broken_over_lines_is_whole_again() -> None:
    link = address_of("https://example.org", "nb", [FIRST, SECOND])
    assert ids_in(f" {link[:40]}\r\n {link[40:]}\n") == ([FIRST, SECOND], 0)


def test_what_is_cut_off_is_counted_and_the_rest_is_there() -> None:
    assert ids_in(fragment_of([FIRST, SECOND])[:-3]) == ([FIRST], 1)


@pytest.mark.parametrize("link", ["", "#", "...", "https://example.org/nb/list"])
def test_what_is_no_list_names_no_service(link: str) -> None:
    assert ids_in(link)[0] == []


def test_no_two_writings_name_the_same_service() -> None:
    """Else a list in the address and the same list on the phone would not be known as one."""
    whole = fragment_of([FIRST])
    assert whole.endswith("Q")
    for last in "RSTUVWXYZabcdef":
        assert ids_in(whole[:-1] + last) == ([], 1)


@given(st.text())
def test_whatever_is_pasted_is_read(text: str) -> None:
    ids, damaged = ids_in(text)
    assert damaged >= 0 and ids_in(fragment_of(ids)) == (ids, 0)


def test_a_message_is_to_nobody_and_keeps_the_whole_text() -> None:
    text = "Her er listen: https://example.org/nb/list#a.b & mer"
    link = message_with(text)
    assert link.startswith("sms:?&body=")
    assert parse_qs(link.partition("?")[2]) == {"body": [text]}


def test_a_qr_code_is_black_on_white_and_breaks_no_policy() -> None:
    picture = qr_code(address_of("https://example.org", "nb", [FIRST] * 30))
    assert 'fill="#fff"' in picture and 'stroke="#000"' in picture
    assert "style" not in picture
