"""What waits for whom today: in which order, page by page, and for nobody else."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from directory.database import Database
from directory.errors import InvalidInput
from directory.partners.access import Identity
from directory.referrals import seeing
from directory.referrals.due import due_list
from directory.referrals.waiting import Due
from tests.referral_house import VAULT, House
from tests.referral_house import house as built

URGENT_BY, ROUTINE_BY = date(2026, 11, 23), date(2026, 12, 1)  # of what is sent on Sunday the 22nd


@pytest.fixture
def house(database: Database) -> House:
    return built(database)


def listed(house: House, identity: Identity, **said: Any) -> seeing.Page:
    with house.database.reading() as session:
        return due_list(session, VAULT, identity, house.now, **said)


def test_who_is_to_answer_sees_it_before_the_day_and_who_waits_after_it(house: House) -> None:
    urgent, routine = house.requested(urgency="urgent"), house.requested()
    assert (urgent.answer_by, routine.answer_by) == (URGENT_BY, ROUTINE_BY)
    assert listed(house, house.receiver).items == ()
    (first,) = listed(house.later(days=1), house.receiver).items
    assert (first.id, first.due) == (urgent.id, (Due("answer-due", URGENT_BY),))
    assert listed(house.later(days=1), house.sender).items == ()
    assert [one.due for one in listed(house.later(days=2), house.sender).items] == [
        (Due("unanswered", URGENT_BY),)
    ]
    assert len(listed(house.later(days=8), house.receiver).items) == 2
    assert listed(house.later(days=30), house.third).items == ()


def test_an_answer_takes_it_out_of_both_lists(house: House) -> None:
    view = house.requested(urgency="urgent")
    after = house.later(days=3).step(house.receiver, view, "accepted").view
    assert (after.answer_by, after.due) == (None, ())
    assert listed(house.later(days=3), house.receiver).items == ()
    assert listed(house.later(days=3), house.sender).items == ()


def test_of_a_carried_one_an_answer_is_waited_for_from_when_it_was_redeemed(house: House) -> None:
    sent = house.create(delivery="carried", status="requested", urgency="urgent")
    assert sent.code and sent.view.answer_by is None
    assert listed(house.later(days=20), house.sender).items == ()
    view = house.later(days=20).redeem(house.receiver, sent.code)  # on Saturday the 12th
    assert view.answer_by == date(2026, 12, 14)
    assert [one.id for one in listed(house.later(days=23), house.sender).items] == [view.id]


def test_the_receiver_does_not_see_what_the_sender_wants_to_follow_up(house: House) -> None:
    view = house.requested(follow_up_on="2026-11-24")
    later = house.later(days=2)
    assert [one.id for one in listed(later, house.sender).items] == [view.id]
    assert listed(later, house.receiver).items == ()
    assert later.read(house.receiver, view.id).due == ()


def test_the_urgent_come_first_then_what_has_waited_longest_page_by_page(house: House) -> None:
    late = [house.requested(urgency=urgency).id for urgency in ("routine", "soon", "urgent")]
    later = house.later(days=1)
    more = [later.requested(urgency=urgency).id for urgency in ("routine", "soon", "urgent")]
    released = house.requested(context="release-from-prison").id
    now = house.later(days=30)
    in_order = [one.id for one in listed(now, house.sender).items]
    assert set(in_order[:3]) == {late[2], more[2], released} and in_order[2] == more[2]
    assert in_order[3:] == [late[1], more[1], late[0], more[0]]
    paged, cursor = [], None
    while True:
        page = listed(now, house.sender, per_page=2, cursor=cursor)
        paged += [one.id for one in page.items]
        cursor = page.cursor
        if cursor is None:
            break
    assert paged == in_order
    assert [one.id for one in listed(now, house.sender, box="out", status=["requested"]).items] == in_order
    assert (
        listed(now, house.sender, box="in").items == listed(now, house.sender, status=["draft"]).items == ()
    )


@pytest.mark.parametrize(
    "wrong", [{"box": "both"}, {"status": ["done"]}, {"cursor": "AAAA"}, {"cursor": "é"}, {"cursor": "MSAy"}]
)
def test_what_is_no_box_status_or_cursor_is_told(house: House, wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput) as caught:
        listed(house, house.sender, **wrong)
    assert caught.value.errors.keys() == wrong.keys()
