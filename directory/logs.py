"""What a log line is: one JSON object on stdout, and nothing in it that a person typed.

Of an exception the kind and the places in the code are told, not its message, which may quote the request. What
a library logs is told without its text for the same reason.
"""

from __future__ import annotations

import logging
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

ROOT = Path(__file__).resolve().parent.parent
DEEPEST = 12  # stack frames, innermost, that a line tells

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonLines(logging.Formatter):
    """One JSON object a line: time (UTC), level, logger, event, and what was passed as ``extra``."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        if record.name.startswith(("directory", "gunicorn")):
            line["event"] = record.getMessage()
            line |= {name: value for name, value in vars(record).items() if name not in _STANDARD}
        else:
            line["event"] = f"a message of {record.name}, line {record.lineno} of {record.module}"
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            line["error"] = type(error).__qualname__
            line["where"] = _places(error)
        return orjson.dumps(line, default=str).decode()


def _places(error: BaseException) -> list[str]:
    frames = traceback.extract_tb(error.__traceback__)[-DEEPEST:]
    return [f"{_short(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames]


def _short(filename: str) -> str:
    path = Path(filename)
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else Path(*path.parts[-2:]))


def log_to_stdout(level: str) -> None:
    """All that is logged in this process goes to stdout as JSON lines, warnings of Python too."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines())
    logging.root.handlers = [handler]
    logging.root.setLevel(logging.WARNING)
    logging.getLogger("directory").setLevel(level.upper())
    logging.captureWarnings(True)
    # no line tells them, and finding them takes as long as writing one
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
