"""docs/api.md and docs/problems.md name what exists, and all of it."""

from __future__ import annotations

import re

from flask import Flask

from directory import errors
from directory.codes import PROBLEMS
from directory.errors import DirectoryError
from directory.security import permission_names
from directory.serving import ROOT

API = (ROOT / "docs" / "api.md").read_text("utf-8")
PAGES = ("/desk", "/static/", "/<lang:lang>/")
CODES = (ROOT / "docs" / "problems.md").read_text("utf-8")


def test_every_address_is_named_and_every_address_that_is_named_exists(directory_app: Flask) -> None:
    """But for pages: people go from one to the other, and no program asks for them."""
    named = set(re.findall(r"^\| `((?:GET|POST|PUT|PATCH|DELETE) [^`]+)`", API, re.MULTILINE))
    there = {name for rule in directory_app.url_map.iter_rules() for name in permission_names(rule)}
    assert named == {name for name in there if not name.partition(" ")[2].startswith(PAGES)}


def test_what_the_examples_ask_is_answered(directory_app: Flask) -> None:
    client = directory_app.test_client()
    asked = re.findall(r"curl '(?:http://127\.0\.0\.1:8000)([^']+)'", API)
    assert asked
    for path in asked:
        assert client.get(path).status_code == 200, path
    (body,) = re.findall(r"-d '([^']+)'", API)
    assert client.post("/api/v1/search", data=body, content_type="application/json").status_code == 200


def test_every_problem_is_told_as_the_code_has_it() -> None:
    told = set(re.findall(r"^\| `([a-z-]+)` \| (\w+) \| (.+) \| (.+) \|$", CODES, re.MULTILINE))
    assert told == {
        (p.code, "4xx" if p.code == "request-refused" else str(p.status), p.title, p.meaning)
        for p in PROBLEMS.values()
    }


def test_every_domain_exception_has_a_code_in_the_list() -> None:
    codes = {
        error.code
        for error in vars(errors).values()
        if isinstance(error, type) and issubclass(error, DirectoryError) and error is not DirectoryError
    }
    listed = set(re.findall(r"^\| `([a-z-]+)` \|", CODES, re.MULTILINE))
    assert listed == codes | set(PROBLEMS)
