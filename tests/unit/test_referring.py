"""Two partners and a referral between them, from draft to outcome; a third who can't tell that it exists."""

from __future__ import annotations

import pytest

from directory.database import Database
from tests.referral_house import House
from tests.referral_house import house as built


@pytest.fixture
def house(database: Database) -> House:
    return built(database)


def test_a_referral_is_carried_from_draft_to_outcome(house: House) -> None:
    view = house.create(
        message="Trenger tid til test",
        consent={"given_on": "2026-11-20", "method": "oral", "covers": ["receiver", "content"]},
    ).view
    view = house.step(house.sender, view, "requested").view
    view = house.read(house.receiver, view.id)
    view = house.step(house.receiver, view, "accepted", appointment_at="2026-12-01T10:00:00+01:00").view
    view = house.step(house.receiver, view, "completed", outcome="need-met").view
    assert (view.status, view.outcome) == ("completed", "need-met")
