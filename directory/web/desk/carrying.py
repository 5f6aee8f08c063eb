"""The code that a client carries, shown once: to copy, as a picture, and as a card to print, which doesn't say why."""

from __future__ import annotations

from uuid import UUID

from flask import render_template
from markupsafe import Markup

from directory.api.rooms import rooms
from directory.identity import asking
from directory.languages import is_rtl
from directory.referrals import carried, referring
from directory.referrals.composing import Sent
from directory.referrals.consent import day_of
from directory.web.wording import page_language


def kept(sent: Sent) -> dict[str, str]:
    """What is remembered of the form that sent a referral: where it is, and, sealed, the code, so that a second press
    of the button shows it again."""
    return {"id": str(sent.view.id)} | ({"code": sent.code} if sent.code else {})


def page(id: str, code: str, language: str) -> str:
    """``language``: of the card; empty, the page's."""
    house = rooms()
    now = house.clock()
    with house.database.unit_of_work() as session:
        view = referring.read(session, house.vault, asking(), UUID(id), now=now)
        where = carried.where_of(session, view.service.id, day_of(now))
        session.commit()
    words = carried.words_of_card(language[:35] or page_language(), view.appointment_at)
    return render_template(
        "desk/carried.html",
        view=view,
        code=code,
        where=where,
        words=words,
        direction="rtl" if is_rtl(words.language) else "ltr",
        picture=Markup(carried.qr_svg(code)),  # nosec B704
    )
