"""The reports' door: a partner's own figures, for its coordinator, as JSON or for a spreadsheet."""

from __future__ import annotations

from dataclasses import asdict, fields
from datetime import date
from typing import Any

import orjson
from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint

from directory.api.report_shapes import ReportArguments, ReportShape
from directory.api.rooms import language_of, rooms
from directory.api.spreadsheet import MEDIA_TYPE, sheet
from directory.identity import asking
from directory.languages import pick
from directory.referrals.answering import month_of
from directory.referrals.counting import months_later
from directory.referrals.reports import Counts, Report, Row, report

blueprint = Blueprint(
    "reports",
    __name__,
    url_prefix="/api/v1/referrals/report",
    description="How many referrals were sent, how soon they were answered, and what came of them.",
)
MEANT = "at least, in fives"
FEW = "<5"  # in a spreadsheet, where an empty cell would be taken for none
MONTHS = 12

_COUNTED = tuple(field.name for field in fields(Counts))
_IN_FIVES = frozenset(_COUNTED) - {"answered_within_hours"}


@blueprint.route("")
class Reports(MethodView):
    @blueprint.arguments(ReportArguments, location="query")
    @blueprint.response(200, ReportShape)
    def get(self, values: dict[str, Any]) -> Response:
        """Your partner's referrals in numbers, which are multiples of five, rounded down; null is under five. Rows of
        under five are left out, but for those of months alone."""
        house, lang = rooms(), language_of(values)
        first, last = months(values, month_of(house.clock()))
        with house.database.reading() as session:
            found = report(
                session,
                asking(),
                box=values.get("box", "out"),
                first=first,
                last=last,
                by=values.get("by", ()),
            )
        if values.get("format") == "csv":
            named = f"referrals-{found.box}-{_month(first)}-{_month(last)}.csv"
            disposition = {"Content-Disposition": f'attachment; filename="{named}"'}
            return Response(_sheet(found, lang), headers=disposition, content_type=MEDIA_TYPE)
        return Response(orjson.dumps(_told(found, lang)), mimetype="application/json")


def months(values: dict[str, Any], this: date) -> tuple[date, date]:
    """The first and the last of those asked for."""
    last: date = values.get("to") or (this if "from" not in values else max(this, values["from"]))
    return values.get("from") or months_later(last, 1 - MONTHS), last


def _month(first_day: date) -> str:
    return f"{first_day:%Y-%m}"


def _told(found: Report, lang: str) -> dict[str, Any]:
    return {
        "box": found.box,
        "from": _month(found.first),
        "to": _month(found.last),
        "by": found.by,
        "counts": MEANT,
        "total": asdict(found.total),
        "rows": [_row(row, found.by, lang) for row in found.rows],
    }


def _row(row: Row, by: tuple[str, ...], lang: str) -> dict[str, Any]:
    keys: dict[str, Any] = {"reason": row.reason, "outcome": row.outcome}
    if row.month is not None:
        keys["month"] = _month(row.month)
    if row.service is not None:
        name = pick(row.service.names, lang)
        keys["service"] = {"id": row.service.id, "slug": row.service.slug, "name": name and name[1]}
    return {name: keys[name] for name in by} | asdict(row.counts)


def _sheet(found: Report, lang: str) -> bytes:
    """A column for each field, those of a service one by one; without rows the total."""
    parts = {"service": ("service_id", "service_slug", "service_name")}
    heads = [head for name in found.by for head in parts.get(name, (name,))]
    told = [_row(row, found.by, lang) for row in found.rows] if found.by else [asdict(found.total)]
    rows = []
    for row in told:
        keys: list[str | None] = []
        for name in found.by:
            value = row[name]
            keys += [value and str(value) for value in value.values()] if name == "service" else [value]
        numbers = [FEW if row[name] is None and name in _IN_FIVES else row[name] for name in _COUNTED]
        rows.append([*keys, *numbers])
    return sheet([*heads, *_COUNTED], rows)
