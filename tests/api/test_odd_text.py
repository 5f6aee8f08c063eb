"""Text that no store takes, or that is no text, is a problem of the caller's at every door, and no failure of ours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from directory.api.partner_shapes import MemberChange, PartnerChange, SignInArguments
from directory.api.referral_shapes import ReferralArguments, StepArguments
from tests.api.test_permission_matrix import CALLERS, ROWS, asked
from tests.partner_network import Network

ODD = ("\x00", "a\x00b", "\ud800", "\udfff\ud800", "a" * 5000, [], {}, 7, None, True)
# More fields than the rows of the matrix name.
FIELDS: dict[str, list[str]] = {
    "POST /api/v1/referrals": list(ReferralArguments().fields),
    "PATCH /api/v1/referrals/<id>": list(ReferralArguments().fields),
    "POST /api/v1/referrals/<id>/transitions": list(StepArguments().fields),
    "PATCH /api/v1/partners/<id>": list(PartnerChange().fields),
    "PATCH /api/v1/members/<id>": list(MemberChange().fields),
    "POST /api/v1/session": list(SignInArguments().fields),
    "POST /api/v1/session/password": ["token", "password"],
}
WITH_BODY = [name for name, row in ROWS.items() if row.json is not None]


def bodies(name: str) -> Iterator[dict[str, Any]]:
    row = ROWS[name]
    right = row.json() if row.json else {}
    if name.startswith("POST /api/v1/session"):
        right = {"email": "nobody@example.org", "password": "x" * 20, "token": "x"}
        right = {field: right[field] for field in FIELDS[name] if field in right}
    for odd in ODD:
        for field in FIELDS.get(name, list(right)):
            yield right | {field: odd}
            yield right | {field: [odd]}
            yield right | {field: {"phone": odd, "given_on": odd, "covers": [odd]}}
        yield right | {str(odd): odd}


def allowed(name: str) -> str:
    """Who may, or is at least let in to be told that there is no such thing; not whom a page leads to the sign-in."""
    expected = ROWS[name].expected
    refused = {401, 403} | ({303} if name.startswith("GET") else set())
    let_in = [caller for caller, status in expected.items() if status not in refused]
    return min(let_in, key=lambda caller: expected[caller] == 404)


@pytest.mark.parametrize("name", WITH_BODY)
def test_no_odd_text_in_a_body_makes_a_door_fail(network: Network, name: str) -> None:
    row = ROWS[name]
    client, id = CALLERS[allowed(name)](network), row.id and row.id(network)
    for body in bodies(name):
        answer = asked(network, client, name, replace(row, json=lambda body=body: body), id)  # type: ignore[misc]
        assert answer.status_code < 500, (body, answer.text)


def test_no_odd_text_in_an_address_makes_a_door_fail(network: Network) -> None:
    for name in (name for name in ROWS if "<" in name):
        client = CALLERS[allowed(name)](network)
        for odd in ("%00", "a%00b", "%ff", "%ed%a0%80", "a" * 3000, "..%2f..%2f", "%0a"):
            there = name if name.count("<") > 1 else name.replace("<lang:lang>", "<odd>")
            assert asked(network, client, there, ROWS[name], odd).status_code == 404, (name, odd)
