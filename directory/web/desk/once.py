"""A form that is sent twice, by a double click or a reload, is done once: it carries a key of its own.

What is kept of it is what the answer needs: where to go, and the code of a carried referral, sealed for a day.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime

import orjson
from flask import request
from sqlmodel import Session

from directory import idempotency
from directory.api.rooms import rooms
from directory.errors import IdempotencyKeyReused, StillRunning
from directory.identity import asking
from directory.web.wording import gettext

FIELD = "once"

SentTwice = (StillRunning, IdempotencyKeyReused)


def new_key() -> str:
    return secrets.token_urlsafe(16)


def key_of_form() -> str:
    """The key that the form came with, to be given it again with its mistakes; a new one where it has none."""
    return request.form.get(FIELD) or new_key()


def done_once(now: datetime, work: Callable[[Session], Mapping[str, str]]) -> dict[str, str]:
    """What ``work`` answered, now or when the form was first sent. ``work`` must answer nothing that a person wrote.

    Raises what ``work`` raises, which leaves nothing behind; StillRunning, IdempotencyKeyReused, and
    IdempotencyKeyMissing for a form without a key.
    """
    house = rooms()
    meant = {name: request.form.getlist(name) for name in request.form if name != FIELD}
    asked = idempotency.asked(
        house.vault, asking().id, request.form.get(FIELD), request.method, request.path, meant
    )

    def answered(session: Session) -> idempotency.Answer:
        return idempotency.Answer(200, {}, orjson.dumps(dict(work(session))).decode())

    answer = idempotency.once(house.database, house.vault, asked, now, answered)
    found: dict[str, str] = orjson.loads(answer.body)
    return found


def told(error: StillRunning | IdempotencyKeyReused) -> tuple[str, str]:
    """What to say of a form that came twice, and the key that it gets now."""
    if isinstance(error, StillRunning):
        return gettext(
            "This is being done already. Press the button once more to see what came of it."
        ), key_of_form()
    return (
        gettext(
            "This form has been sent before, with something else in it. Press again to send it as it is now."
        ),
        new_key(),
    )
