"""What the door for reports takes and answers."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from directory.api.arguments import OneOrMore
from directory.api.referral_shapes import LanguageOfNames, ServiceOfReferral
from directory.api.shapes import nested, string
from directory.referrals.lifecycle import OUTCOMES, REASONS
from directory.referrals.reports import BY

FORMATS = ("json", "csv")
_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})")
_TAKES = "Takes a month as YYYY-MM."
_COUNTED = {"description": "Rounded down to a multiple of five; null: under five, and perhaps none."}


class Month(fields.Field[date]):
    """YYYY-MM, read as its first day."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> date:
        found = _MONTH.fullmatch(value) if isinstance(value, str) else None
        try:
            if found is None or not 1970 <= int(found[1]) <= 9900:
                raise ValueError
            return date(int(found[1]), int(found[2]), 1)
        except ValueError:
            raise ValidationError(_TAKES) from None


def _month(description: str) -> Month:
    return Month(metadata={"description": description, "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}$"})


class _Asked(LanguageOfNames):
    box = fields.String(
        validate=validate.OneOf(("in", "out"), error="Takes in or out."),
        metadata={"description": "Those received, or those sent.", "default": "out"},
    )
    by = OneOrMore(
        fields.String(validate=validate.OneOf(BY, error=f"Takes one of: {', '.join(BY)}.")),
        metadata={"description": "Rows for each, or for each combination; repeatable. Without it the total."},
    )
    format = fields.String(
        validate=validate.OneOf(FORMATS, error="Takes json or csv."),
        metadata={"description": "csv: for a spreadsheet.", "default": "json"},
    )


# from is a word of Python's own
ReportArguments = _Asked.from_dict(
    {
        "from": _month("The first month in which they were sent, in Norway; default eleven before the last."),
        "to": _month("The last one; default this month."),
    },
    name="ReportArguments",
)


def _count() -> fields.Integer:
    return fields.Integer(required=True, allow_none=True, metadata=_COUNTED)


class CountsShape(Schema):
    sent = _count()
    answered = _count()
    accepted = _count()
    rejected = _count()
    completed = _count()
    failed = _count()
    cancelled = _count()
    open = _count()
    answered_within_hours = fields.Integer(
        required=True,
        allow_none=True,
        metadata={
            "description": "So soon at least half of those answered had their answer; null where under five were. "
            "Of carried ones, from when they were redeemed."
        },
    )


class ReportRow(CountsShape):
    month = fields.String()
    service = fields.Nested(ServiceOfReferral)
    reason = fields.String(allow_none=True, validate=validate.OneOf((*REASONS, None)))
    outcome = fields.String(allow_none=True, validate=validate.OneOf((*OUTCOMES, None)))


class _Report(Schema):
    box = string(one_of=("in", "out"))
    by = fields.List(fields.String(), required=True)
    counts = fields.String(required=True, metadata={"description": "How all numbers are meant."})
    total = nested(CountsShape)
    rows = nested(ReportRow, many=True)


ReportShape = _Report.from_dict({"from": string(), "to": string()}, name="ReportShape")
