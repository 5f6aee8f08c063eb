"""The one place that turns exceptions into answers: problem+json (RFC 9457), or a plain page for a browser.

What went wrong is told by a code of the list below, with words of ours. Of the exception itself only what a domain
exception says is shown: no stack, no SQL, no path, and never what a person typed.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

import orjson
from flask import Blueprint, Flask, Response, request
from werkzeug.exceptions import HTTPException

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

MEDIA_TYPE = "application/problem+json"
RETRY_INDEX_S = 5
RETRY_ISSUER_S = 30
MOST_FIELDS = 50  # that one answer names
LONGEST_NAME = 80  # characters of a field's name; unknown parameters are named as they were sent

# Whoever asks here is a program, whatever it says that it accepts.
PROGRAM_PATHS = ("/api/", "/health", "/ready", "/metrics")


@dataclass(frozen=True, slots=True)
class Problem:
    """``meaning`` tells what happened and what to do; it is the ``detail`` where nothing is more exact."""

    code: str
    status: int
    title: str
    meaning: str


PROBLEMS: Mapping[str, Problem] = {
    problem.code: problem
    for problem in (
        Problem(
            "malformed-request",
            400,
            "The request cannot be read",
            "The body is not the JSON that its Content-Type promises.",
        ),
        Problem(
            "key-in-address",
            400,
            "A key in the address",
            "A key never stands in an address, where logs keep it. "
            "Make a new one, and send it as Authorization: Bearer.",
        ),
        Problem(
            "idempotency-key-missing",
            400,
            "No Idempotency-Key",
            "This request takes a header Idempotency-Key (1 to 255 visible characters), new for each thing to be done.",
        ),
        Problem(
            "not-signed-in",
            401,
            "Not signed in",
            "Sign in, or send a valid key as Authorization: Bearer.",
        ),
        Problem(
            "sign-in-failed",
            401,
            "Sign-in failed",
            "Address, password or code is wrong, or the account takes no sign-in.",
        ),
        Problem("not-allowed", 403, "Not allowed", "Your role or key does not allow this."),
        Problem(
            "from-another-site",
            403,
            "Sent from another site",
            "What a signed-in person changes must be sent from our own pages.",
        ),
        Problem("not-found", 404, "Not found", "There is nothing at this address."),
        Problem(
            "method-not-allowed",
            405,
            "Method not allowed",
            "This address does not take this method; the Allow header names those that it takes.",
        ),
        Problem(
            "illegal-step",
            409,
            "Not a legal step",
            "The referral cannot take this step now; errors.to names those that it can.",
        ),
        Problem(
            "conflict",
            409,
            "In conflict",
            "It is not in the state for that, or there is one like it already.",
        ),
        Problem(
            "still-running",
            409,
            "Still running",
            "The first request with this Idempotency-Key is still being answered. Try again after the time in "
            "Retry-After (seconds).",
        ),
        Problem(
            "stale-version",
            412,
            "Changed in the meantime",
            "Someone else has changed this since it was read. Read it again, then change it.",
        ),
        Problem("too-large", 413, "Too large", "The body is larger than this address takes."),
        Problem(
            "unsupported-media-type", 415, "Unsupported media type", "The body must be application/json."
        ),
        Problem(
            "invalid-input",
            422,
            "Fields are not valid",
            "The request has fields that are not valid; each is named under errors with what it takes.",
        ),
        Problem(
            "idempotency-key-reused",
            422,
            "Idempotency-Key used before",
            "This Idempotency-Key came with another request before. Take a new one for each thing to be done.",
        ),
        Problem(
            "version-not-named",
            428,
            "Which version is changed?",
            "Send the ETag that was read as If-Match, so that nothing is changed that you have not seen.",
        ),
        Problem(
            "too-many-attempts",
            429,
            "Too many attempts",
            "Too many wrong attempts. Try again after the time in Retry-After (seconds).",
        ),
        Problem(
            "too-many-requests",
            429,
            "Too many requests",
            "Too many requests came from one address. Try again after the time in Retry-After (seconds).",
        ),
        Problem(
            "request-refused",
            400,
            "The request is refused",
            "The server does not answer a request like this.",
        ),
        Problem(
            "internal-error", 500, "Something went wrong here", "This is our mistake. It has been noted."
        ),
        Problem(
            "index-unavailable",
            503,
            "The search is being prepared",
            "The search index is being built. Try again after the time in Retry-After (seconds).",
        ),
        Problem(
            "issuer-unavailable",
            503,
            "Signing in elsewhere is not possible now",
            "The OpenID Connect issuer does not answer. Sign in by password, or try again later.",
        ),
    )
}
# What an exception of the framework's is, which has a status and no code of ours.
_BY_STATUS = {
    PROBLEMS[code].status: PROBLEMS[code]
    for code in (
        "malformed-request",
        "not-found",
        "method-not-allowed",
        "stale-version",
        "too-large",
        "unsupported-media-type",
        "invalid-input",
        "version-not-named",
        "too-many-requests",
        "internal-error",
        "index-unavailable",
    )
}


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
    if _wants_page():
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
    problem = _BY_STATUS.get(status, fallback)
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
    if request.path.startswith(PROGRAM_PATHS):
        return False
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
