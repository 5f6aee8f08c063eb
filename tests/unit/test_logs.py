from __future__ import annotations

import json
import logging
import sys

from directory.logs import JsonLines


def line(name: str, message: str, *args: object, error: BaseException | None = None, **extra: object) -> str:
    info = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord(name, logging.WARNING, __file__, 7, message, args, info)
    vars(record).update(extra)
    return JsonLines().format(record)


def test_a_line_is_one_json_object_with_what_was_passed() -> None:
    told = json.loads(line("directory.search", "index rebuilt", services=423))
    assert told["event"] == "index rebuilt"
    assert told["services"] == 423
    assert told["level"] == "warning"
    assert told["time"].endswith("+00:00")


def test_what_a_library_says_is_not_told_but_that_it_said_something_is() -> None:
    told = line("sqlalchemy.pool", "could not bind %s", "nalokson bergen")
    assert "nalokson" not in told
    assert "bind" not in told
    assert json.loads(told)["logger"] == "sqlalchemy.pool"


def test_an_exception_is_told_by_kind_and_place_and_not_by_its_message() -> None:
    try:
        int("nalokson bergen")
    except ValueError as error:
        told = line("directory.problems", "unexpected", error=error)
    assert "nalokson" not in told
    assert json.loads(told)["error"] == "ValueError"
    here = json.loads(told)["where"][-1]
    assert here.startswith("tests/unit/test_logs.py:")
    assert here.endswith(sys._getframe().f_code.co_name)


def test_a_place_in_the_code_tells_nothing_of_the_machine() -> None:
    try:
        json.loads("{")
    except ValueError as error:
        told = json.loads(line("directory.x", "unexpected", error=error))
    assert not any(place.startswith("/") for place in told["where"])
    assert told["where"][-1].startswith("json/decoder.py:")
