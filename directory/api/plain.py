"""Arguments that are plainly right, read at a fraction of what it costs to read any; the rest is left to marshmallow.

Made from the same schema, so that there is one declaration. What is wrong, rare or new is not read here, and so is
told about, converted and described in one place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

import orjson
from marshmallow import Schema, ValidationError, fields, validate

from directory.api.arguments import OneOrMore

Read = Callable[[Any], Any]  # a value as it was sent -> as it is meant; raises NotPlain


class NotPlain(ValueError):
    """Nothing is said about whether it is right."""


class Plain:
    """Reads by a schema of which no field is required. What it returns is what the schema would have loaded."""

    def __init__(self, schema: Schema) -> None:
        self._one = {name: _reader(field) for name, field in schema.fields.items()}
        self._several = {name for name, field in schema.fields.items() if isinstance(field, OneOrMore)}

    def query(self, text: str) -> dict[str, Any]:
        """Of the query string of an address. Raises NotPlain."""
        sent: dict[str, Any] = {}
        for pair in text.split("&"):
            name, _, value = pair.partition("=")
            if not pair:
                continue
            if "%" in value or "+" in value:
                try:
                    value = unquote(value.replace("+", " "), errors="strict")
                except UnicodeDecodeError:
                    raise NotPlain from None
            if name in self._several:
                sent.setdefault(name, []).append(value)
            elif name in sent:
                raise NotPlain
            else:
                sent[name] = value
        return self._read(sent)

    def body(self, data: bytes) -> dict[str, Any]:
        """Of a JSON object. Raises NotPlain."""
        try:
            sent = orjson.loads(data)
        except orjson.JSONDecodeError:
            raise NotPlain from None
        if type(sent) is not dict:
            raise NotPlain
        return self._read(sent)

    def _read(self, sent: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return {name: self._one[name](value) for name, value in sent.items()}
        except KeyError:  # no parameter of that name
            raise NotPlain from None


def _reader(field: fields.Field) -> Read:
    ruled = field.validators[0] if len(field.validators) == 1 else None
    if isinstance(field, OneOrMore) and isinstance(ruled, validate.Length) and ruled.max:
        return _list(_reader(field.inner), ruled.max)
    if type(field) is fields.String and isinstance(ruled, validate.Length) and ruled.max:
        return _text(ruled.max)
    if type(field) is fields.String and isinstance(ruled, validate.OneOf):
        return _among(dict.fromkeys(ruled.choices))
    if type(field) is fields.Boolean and not field.validators:
        return _flag
    if type(field) in (fields.Integer, fields.Float) and isinstance(ruled, validate.Range):
        return _number(int if type(field) is fields.Integer else float, ruled)
    return _never


def _text(longest: int) -> Read:
    def read(value: Any) -> str:
        if type(value) is str and len(value) <= longest:
            return value
        raise NotPlain

    return read


def _among(choices: Mapping[Any, object]) -> Read:
    def read(value: Any) -> str:
        if type(value) is str and value in choices:
            return value
        raise NotPlain

    return read


def _list(one: Read, most: int) -> Read:
    def read(value: Any) -> list[Any]:
        values = [value] if type(value) is str else value
        if type(values) is list and len(values) <= most:
            return [one(each) for each in values]
        raise NotPlain

    return read


def _flag(value: Any) -> bool:
    if value is True or value == "true":
        return True
    if value is False or value == "false":
        return False
    raise NotPlain


def _number(kind: type, within: validate.Range) -> Read:
    kinds = (str, int) if kind is int else (str, int, float)

    def read(value: Any) -> Any:
        if type(value) not in kinds:
            raise NotPlain
        try:
            number = kind(value)
            within(number)
        except (ValueError, OverflowError, ValidationError):
            raise NotPlain from None
        if number != number:  # not a number is in no range, and out of none
            raise NotPlain
        return number

    return read


def _never(value: Any) -> Any:
    raise NotPlain
