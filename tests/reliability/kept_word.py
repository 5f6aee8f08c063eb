"""What is to be found after whoever serves and whoever delivers was killed at any moment: no step that was acknowledged
is lost, and no mail or webhook about it; what is told again is known by its id, each referral's story arrives in its
order, and an address that refuses holds up nobody else.
"""

from __future__ import annotations

import random
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from flask import Flask
from sqlalchemy import select

from directory.api.rooms import KEY
from directory.outbox import delivering
from directory.outbox.models import OutboxMessage
from directory.referrals import audit
from directory.referrals.models import Referral, ReferralEvent
from tests.listening_post import REFUSED
from tests.referral_doors import REFERRALS
from tests.reliability.doomed_work import senders_of
from tests.reliability.house_that_dies import (
    AT_CLINIC,
    AT_TEAM,
    CLINIC_BOX,
    DELIVERS,
    SERVES,
    TEAM_BOX,
    House,
    settings_of,
    vault_of,
)
from tests.reliability.referring_clients import STEPS, Acknowledged

STORY = ["referral.requested", *(f"referral.{to}" for to, _ in STEPS)]


def doomed(kills: int, chance: random.Random) -> list[str]:
    found = [SERVES, DELIVERS] * (kills // 2)
    chance.shuffle(found)
    return found


def luck() -> random.Random:
    seed = random.randrange(2**32)
    print(f"seed of chance: {seed}")
    return random.Random(seed)


def ask_again(app: Flask, here: House, book: Acknowledged) -> None:
    """What was begun by somebody who is dead is done by who is asked again, a minute later, and once only."""
    found = app.extensions[KEY]
    later = datetime.now(UTC) + timedelta(minutes=2)
    app.extensions[KEY] = replace(found, database=here.database, clock=lambda: later)
    try:
        for key, said in book.unsure:
            headers = {"Authorization": f"Bearer {here.team}", "Idempotency-Key": key}
            answer = app.test_client().post(REFERRALS, json=said, headers=headers)
            assert answer.status_code == 201, answer.text
            assert answer.json is not None
            book.created[key] = answer.json["id"]
            book.step(answer.json["id"], "requested")
    finally:
        app.extensions[KEY] = found


def deliver_the_rest(here: House, since: datetime) -> None:
    """All that is still waiting, but for what is refused: what the dead had leased is free by then, and what found a
    server too slow is tried once more.
    """
    settings = settings_of(here.settings)
    vault, senders, rounds = vault_of(settings), senders_of(settings), 0
    for now in (since, since + timedelta(minutes=10)):
        while delivering.deliver(here.database, vault, settings, lambda now=now: now, senders=senders):
            rounds += 1
            assert rounds < 1000, "there is no end to it"


def check(here: House, book: Acknowledged) -> None:
    with here.database.reading() as session:
        assert audit.verify(session) > 0
        referrals = {str(row.id): row for row in session.execute(select(Referral)).scalars()}
        events = list(session.execute(select(ReferralEvent).order_by(ReferralEvent.position)).scalars())
        rows = list(session.execute(select(OutboxMessage).order_by(OutboxMessage.position)).scalars())
    # Every acknowledged step is there, and each referral was made once, however often it was asked for.
    taken: dict[str, list[str]] = {}
    for event in events:
        if event.to_status:
            taken.setdefault(str(event.referral_id), []).append(event.to_status)
    assert {(referral, to) for referral, steps in taken.items() for to in steps} >= set(book.steps)
    assert sorted(referrals) == sorted(book.created.values())
    # Nothing is left over, but for what is refused: there the first of each referral is tried, the others wait.
    refused = {row.endpoint_id for row in rows if row.error}
    assert len(refused) == 1
    left = [row for row in rows if row.state != "sent"]
    assert {(row.endpoint_id, row.state) for row in left} == {(*refused, "waiting")}
    assert set(here.post.first(REFUSED)) == set(referrals)
    assert {len(heard) for heard in here.post.first(REFUSED).values()} == {1}
    # Each step was told at each place, in its order, and however often it came, by one id and in the same words.
    for where in (AT_TEAM, AT_CLINIC):
        heard = here.post.first(where)
        for referral, steps in taken.items():
            story = [one.event for one in heard[referral] if one.event != "referral.received"]
            assert story == [f"referral.{to}" for to in steps] == STORY[: len(steps)], where
        assert set(heard) == set(taken)
    for where, told in ((CLINIC_BOX, 1), (TEAM_BOX, None)):
        mails = here.post.first(where)
        for referral, steps in taken.items():
            assert len(mails.get(referral, [])) == (told or len(steps) - 1), where
    same: dict[tuple[str, str], set[tuple[str, str, bytes]]] = {}
    for one in here.post.heard:
        same.setdefault((one.where, one.id), set()).add((one.referral, one.event, one.body))
    assert {len(said) for said in same.values()} == {1}
    assert len(same) == sum(row.state == "sent" for row in rows) + len(referrals)
    # And the mails in their order, which their ids tell.
    order = {row.id.hex: number for number, row in enumerate(rows)}
    for box in (TEAM_BOX, CLINIC_BOX):
        for mails_of_one in here.post.first(box).values():
            numbers = [order[re.sub(r"[^0-9a-f]", "", one.id.partition("@")[0])] for one in mails_of_one]
            assert numbers == sorted(numbers)
