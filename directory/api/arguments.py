"""What the API takes, field by field, each with a message that says what it takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, pre_load, validate
from rapidfuzz import process

MOST_CHARACTERS = 500
SORTS = ("best", "distance", "name", "verified")


class OneOrMore(fields.List):
    """A repeated query parameter, or in JSON a value or a list of values."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[Any]:
        try:
            return super()._deserialize([value] if isinstance(value, str) else value, attr, data, **kwargs)
        except ValidationError as error:  # told of the field, whichever of its values it is about
            messages = error.messages
            told = messages if isinstance(messages, list) else [m for each in messages.values() for m in each]
            raise ValidationError(list(dict.fromkeys(told))) from None


def text(description: str, longest: int = 200, **metadata: Any) -> fields.String:
    return fields.String(
        validate=validate.Length(max=longest, error=f"Takes at most {longest} characters."),
        error_messages={"invalid": "Takes text."},
        metadata={"description": description, **metadata},
    )


def flag(description: str) -> fields.Boolean:
    return fields.Boolean(
        error_messages={"invalid": "Takes true or false."},
        metadata={"description": description, "default": False},
    )


def whole(description: str, lowest: int, highest: int, **metadata: Any) -> fields.Integer:
    takes = f"Takes a whole number from {lowest} to {highest}."
    return fields.Integer(
        validate=validate.Range(lowest, highest, error=takes),
        error_messages={"invalid": takes, "too_large": takes},
        metadata={"description": description, **metadata},
    )


def several(description: str, **metadata: Any) -> OneOrMore:
    return OneOrMore(
        text(description),
        validate=validate.Length(max=50, error="Takes at most 50 values."),
        error_messages={"invalid": "Takes a value, or several."},
        metadata={"description": description, **metadata},
    )


class Arguments(Schema):
    """Refuses a parameter that does not exist, and names those most like it."""

    class Meta:
        unknown = RAISE

    @pre_load
    def _known_names_only(self, data: Any, **kwargs: Any) -> Any:
        if not isinstance(data, Mapping):
            raise ValidationError("Takes a JSON object.", "body")
        names = list(self.fields)
        unknown = {}
        for name in data:
            if name not in self.fields:
                near = [n for n, *_ in process.extract(str(name), names, limit=3, score_cutoff=50)] or names
                unknown[str(name)[:100]] = [f"There is no such parameter. Nearest: {', '.join(near)}."]
        if unknown:
            raise ValidationError(unknown)
        return data


class SearchArguments(Arguments):
    q = text(
        "Free text in any language; may itself hold a need, a place and a language: 'naloxone bergen'.",
        MOST_CHARACTERS,
    )
    need = several("Slug of a need (see /api/v1/needs), such as naloxone; includes all below it.")
    language = several("BCP 47 code of a language in which help is given, such as ru.")
    near = text("'lat,lon' in WGS 84 degrees (60.39,5.32), a postcode, or a place name.")
    radius_km = fields.Float(
        validate=validate.Range(
            0, 2000, min_inclusive=False, error="Takes a number above 0 and at most 2000, in kilometres."
        ),
        error_messages={
            "invalid": "Takes a number above 0 and at most 2000, in kilometres.",
            "special": "Takes a number above 0 and at most 2000, in kilometres.",
        },
        metadata={
            "description": "Only what lies within, or serves the place from elsewhere. Without it: nearest first."
        },
    )
    open_at = text("'now' or an ISO 8601 time; closed services are left out, unknown hours come last.")
    free = flag("Only services known to be free of charge.")
    anonymous = flag("Only services known to take you anonymously.")
    remote = flag("Only services that help from afar: telephone, chat, web.")
    age = whole("Keep services not known to exclude a person of this age.", 0, 150)
    gender = text("Keep services not known to exclude this gender.", 50)
    audience = text("Keep services not known to exclude this group, for example 'youth'.", 50)
    municipality = several("Number or name of a municipality in which the service stands, such as 4601.")
    organization = several("Id or slug of an organization.")
    sort = fields.String(
        validate=validate.OneOf(SORTS, error=f"Takes one of: {', '.join(SORTS)}."),
        metadata={"description": "Order of the results.", "default": "best"},
    )
    lang = text("BCP 47 code of the language of labels and texts; default by Accept-Language.", 35)
    page = whole("Page, from 1.", 1, 100_000, default=1)
    per_page = whole("Results a page.", 1, 100, default=20)
    facets = flag("Count results by need, language and municipality.")


class LanguageArguments(Arguments):
    lang = text("BCP 47 code of the language of labels and texts; default by Accept-Language.", 35)


class SuggestArguments(LanguageArguments):
    q = text("What has been typed so far.", 100)
    near = text("Where the asker is, as in a search: what would find most there comes first.")
