"""The coordinator's reports: a form, a table, and beside it a chart of the same rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from babel.dates import format_skeleton
from flask import Blueprint, render_template, request
from marshmallow import ValidationError

from directory.api.report_shapes import ReportArguments
from directory.api.reports import months
from directory.api.rooms import rooms
from directory.errors import InvalidInput
from directory.identity import asking
from directory.referrals.answering import WITHIN_HOURS, month_of
from directory.referrals.reports import Report, Row, report
from directory.web.desk.saying import name_of, said
from directory.web.wording import N_, gettext, ngettext, page_language

blueprint = Blueprint("desk_reports", __name__, url_prefix="/desk/reports")
ARGUMENTS = ReportArguments()

COLUMNS = {
    "sent": N_("Sent"),
    "answered": N_("Answered"),
    "accepted": N_("Accepted"),
    "rejected": N_("Rejected"),
    "completed": N_("Completed"),
    "failed": N_("Not carried through"),
    "cancelled": N_("Cancelled"),
    "open": N_("Still open"),
}
BY = {
    "month": N_("Month"),
    "service": N_("Service"),
    "reason": N_("Reason"),
    "outcome": N_("Outcome"),
}
_TWO_DAYS = 48


@dataclass(frozen=True, slots=True)
class Line:
    """``cells``: what it is about, in words, by column."""

    cells: tuple[str, ...]
    row: Row


@blueprint.get("")
def reports() -> str | tuple[str, int]:
    typed = request.args
    house = rooms()
    said: dict[str, Any] = {name: typed[name] for name in ("box", "from", "to") if typed.get(name)}
    said["by"] = [name for name in typed.getlist("by") if name] if typed else ["month"]
    try:
        values = _loaded(said)
        first, last = months(values, month_of(house.clock()))
        with house.database.reading() as session:
            found = report(
                session,
                asking(),
                box=values.get("box", "out"),
                first=first,
                last=last,
                by=values["by"],
            )
    except InvalidInput as error:
        told = {name: [_sentence(name, message) for message in said] for name, said in error.errors.items()}
        return _page(said, told), 422
    shown = {"box": found.box, "from": f"{first:%Y-%m}", "to": f"{last:%Y-%m}", "by": list(found.by)}
    return _page(shown, {}, found)


def _loaded(said: Mapping[str, Any]) -> dict[str, Any]:
    try:
        loaded: dict[str, Any] = ARGUMENTS.load(said)
    except ValidationError as error:
        raise InvalidInput({str(name): ["takes another"] for name in error.messages_dict}) from None
    return loaded


def _page(typed: Mapping[str, Any], errors: Mapping[str, list[str]], found: Report | None = None) -> str:
    columns = {name: gettext(label) for name, label in COLUMNS.items()}
    if found and found.box == "in":
        columns["sent"] = gettext("Received")
    return render_template(
        "desk/reports.html",
        typed=typed,
        errors=errors,
        labels={
            "from": gettext("First month"),
            "to": gettext("Last month"),
            "by": gettext("Rows for each"),
            "box": gettext("Which referrals"),
        },
        by={name: gettext(label) for name, label in BY.items()},
        columns=columns,
        found=found,
        lines=[_line(row, found.by) for row in found.rows] if found else [],
        month=month_name,
        within=within,
        sheet=urlencode({**typed, "format": "csv", "lang": page_language()}, doseq=True),
        wide=True,
    )


def _line(row: Row, by: tuple[str, ...]) -> Line:
    words = {
        "month": row.month and month_name(row.month),
        "service": row.service and name_of(row.service.names),
        "reason": said(row.reason, "reason") or gettext("No reason was asked for"),
        "outcome": said(row.outcome, "outcome") or gettext("No outcome"),
    }
    return Line(tuple(_begun(words[name] or "") for name in by), row)


def _begun(words: str) -> str:
    """As they begin a line."""
    return words[:1].upper() + words[1:]


def month_name(first_day: date) -> str:
    """November 2026, in the language of the page."""
    return str(format_skeleton("yMMMM", first_day, locale=page_language().replace("-", "_")))


def within(hours: int | None) -> str:
    """How soon, in words; empty where too few tell it."""
    if hours is None:
        return ""
    if hours == WITHIN_HOURS[-1]:
        return gettext("more than %(days)s days") % {"days": WITHIN_HOURS[-2] // 24}
    if hours < _TWO_DAYS:
        return ngettext("%(num)s hour", "%(num)s hours", hours) % {"num": hours}
    return gettext("%(days)s days") % {"days": hours // 24}


def _sentence(field: str, message: str) -> str:
    if field == "to" and "before" in message:
        return gettext("The last month can't be before the first.")
    if field == "from" and "at most" in message:
        return gettext("Choose months that are at most ten years apart.")
    if field in ("from", "to"):
        return gettext("Write a month as year and month, like 2026-01.")
    return gettext("Choose from the list.")
