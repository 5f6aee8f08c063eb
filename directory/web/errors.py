"""What went wrong, told by a page of the door that somebody stands at."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Flask, Response

from directory import problems
from directory.codes import Problem
from directory.web.desk import errors as desk
from directory.web.pages import mistaken


def page_of(problem: Problem, status: int, errors: Mapping[str, list[str]]) -> Response | None:
    """None where nobody reads pages."""
    return desk.page_of(problem, status, errors) or mistaken.page_of(problem, status)


def register(app: Flask) -> None:
    problems.told_by_pages(app, page_of)
