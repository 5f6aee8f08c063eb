"""The one place that turns exceptions into answers: problem+json (RFC 9457), or a plain page for a browser.

What went wrong is told by a code of ``codes``, with words of ours. Of the exception itself only what a domain
exception says is shown: no stack, no SQL, no path, and never what a person typed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from html import escape
from typing import Any

import orjson
from flask import Blueprint, Flask, Response, current_app, request
from werkzeug.exceptions import HTTPException

from directory.codes import BY_STATUS, PROBLEMS, Problem
from directory.errors import (
    DirectoryError,
    IndexUnavailable,
    IssuerUnavailable,
    NotFound,
    NotSignedIn,
    StillRunning,
    TooManyAttempts,
)

log = logging.getLogger(__name__)

# Answers a problem by a page of its own: the problem, its status, and the fields that it names; None where it has none.
PageOf = Callable[[Problem, int, Mapping[str, list[str]]], Response | None]
PAGES = "veiviser-pages-of-problems"

MEDIA_TYPE = "application/problem+json"
RETRY_INDEX_S = 5
RETRY_ISSUER_S = 30
MOST_FIELDS = 50  # that one answer names
LONGEST_NAME = 80  # characters of a field's name; unknown parameters are named as they were sent

# Whoever asks here is a program, whatever it says that it accepts.
PROGRAM_PATHS = ("/api/", "/health", "/ready", "/metrics", "/tiles/")


class Application(Flask):
    """Flask, whose own word on what went wrong would quote the address that was asked for."""

    def log_exception(self, exc_info: Any) -> None:
        _tell(exc_info)


blueprint = Blueprint("problems", __name__)


def problem_type(code: str) -> str:
    """The ``type`` of RFC 9457: a reference on our own origin, at which the problem is explained."""
    return f"/problems/{code}"


def register(app: Flask) -> None:
    app.register_blueprint(blueprint)
    app.register_error_handler(DirectoryError, _from_domain)
    app.register_error_handler(HTTPException, _from_http)
    app.register_error_handler(Exception, _from_unexpected)


def told_by_pages(app: Flask, page_of: PageOf) -> None:
    """Let pages that have a frame of their own tell what went wrong there."""
    app.extensions[PAGES] = page_of


def respond(
    problem: Problem,
    *,
    status: int | None = None,
    detail: str | None = None,
    errors: Mapping[str, list[str]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The answer to a problem, as the caller reads it: JSON, or a page where a browser asked for one."""
    status = status or problem.status
    detail = detail or problem.meaning
    page = _own_page(problem, status, errors or {})
    if page is not None:
        response = page
    elif _wants_page():
        response = Response(_page(problem.title, detail), status, mimetype="text/html")
    else:
        body: dict[str, Any] = {
            "type": problem_type(problem.code),
            "title": problem.title,
            "status": status,
            "detail": detail,
        }
        if errors:
            body["errors"] = errors
        response = Response(orjson.dumps(body), status, content_type=MEDIA_TYPE)
    response.headers.update(headers or {})
    response.headers["Cache-Control"] = "no-store"
    return response


def _own_page(problem: Problem, status: int, errors: Mapping[str, list[str]]) -> Response | None:
    """A page that can't be made must not hide what it is about."""
    page_of: PageOf | None = current_app.extensions.get(PAGES)
    try:
        return page_of(problem, status, errors) if page_of else None
    except Exception as error:
        _tell(error)
        return None


def _from_domain(error: DirectoryError) -> Response:
    problem = PROBLEMS.get(error.code)
    if problem is None:  # one that is for the command line only
        return _from_unexpected(error)
    errors = _bounded(getattr(error, "errors", {}))
    # What does not exist and what the caller may not know of are told in the same words.
    detail = None if isinstance(error, NotFound) else error.detail
    return respond(problem, detail=detail, errors=errors, headers=_headers(error))


def _headers(error: DirectoryError) -> dict[str, str]:
    match error:
        case IndexUnavailable():
            return {"Retry-After": str(RETRY_INDEX_S)}
        case IssuerUnavailable():
            return {"Retry-After": str(RETRY_ISSUER_S)}
        case StillRunning():
            return {"Retry-After": "1"}
        case TooManyAttempts():
            return {"Retry-After": str(error.wait)}
        case NotSignedIn():
            return {"WWW-Authenticate": 'Bearer realm="Veiviser"'}
    return {}


def _from_http(error: HTTPException) -> Response | HTTPException:
    status = error.code or 500
    if status < 400 or error.response is not None:  # a redirect, or an answer that is complete
        return error
    if status >= 500 and error.code is not None:
        _tell(getattr(error, "original_exception", None) or error)
    fallback = PROBLEMS["request-refused" if status < 500 else "internal-error"]
    problem = BY_STATUS.get(status, fallback)
    # flask-smorest and webargs hang their findings on the exception
    data: Mapping[str, Any] = getattr(error, "data", None) or {}
    errors = fields_of(data.get("errors") or data.get("messages") or {})
    kept = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")}
    return respond(problem, status=status, errors=errors, headers=kept | dict(data.get("headers") or {}))


def _tell(error: Any) -> None:
    log.error("unexpected", exc_info=error)


def _from_unexpected(error: Exception) -> Response:
    _tell(error)
    return respond(PROBLEMS["internal-error"])


def fields_of(messages: Mapping[str, Any]) -> dict[str, list[str]]:
    """webargs's messages by place, field and index as {field: [message]}; deeper fields are joined by dots.

    >>> fields_of({"json": {"near": ["Not a place."], "contact": {"phones": {0: ["Too long."]}}}})
    {'near': ['Not a place.'], 'contact.phones.0': ['Too long.']}
    """
    found: dict[str, list[str]] = {}

    def collect(name: str, value: Any) -> None:
        if isinstance(value, Mapping):
            for key, inner in value.items():
                collect(name if key == "_schema" else f"{name}.{key}" if name else str(key), inner)
        else:
            found.setdefault(name or "body", []).extend(
                str(message) for message in (value if isinstance(value, list) else [value])
            )

    for place, value in messages.items():
        collect("" if isinstance(value, Mapping) or place == "json" else str(place), value)
    return _bounded(found)


def _bounded(errors: Mapping[str, list[str]]) -> dict[str, list[str]]:
    return {
        _sayable(name[:LONGEST_NAME]): [_sayable(message) for message in said]
        for name, said in list(errors.items())[:MOST_FIELDS]
    }


def _sayable(text: str) -> str:
    """Half a pair of UTF-16 can be sent in JSON, and be said in none."""
    return text.encode("utf-8", "replace").decode()


def _wants_page() -> bool:
    return not request.path.startswith(PROGRAM_PATHS) and prefers_a_page()


def prefers_a_page() -> bool:
    """Whether whoever asks would rather have HTML than JSON, as browsers do."""
    accepted = request.accept_mimetypes
    return accepted.accept_html and accepted["text/html"] > accepted["application/json"]


def _page(title: str, text: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title></head>"
        f"<body><main><h1>{escape(title)}</h1><p>{escape(text)}</p></main></body></html>"
    )


@blueprint.get("/problems/<code>")
def explain(code: str) -> Response:
    """What a problem's ``type`` leads to: the problem explained."""
    problem = PROBLEMS.get(code)
    if problem is None:
        raise NotFound()
    if _wants_page():
        response = Response(_page(problem.title, problem.meaning), mimetype="text/html")
    else:
        told = {
            "type": problem_type(code),
            "title": problem.title,
            "status": problem.status,
            "meaning": problem.meaning,
        }
        response = Response(orjson.dumps(told), mimetype="application/json")
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response
