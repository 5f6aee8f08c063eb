"""What went wrong at the desk, told by a page in the frame: what happened, what was saved, and what to do now.

Nothing of an exception is shown but its code; the words are ours. What somebody had written is given back, so that it
is not lost with the request that could not be done.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from flask import Response, current_app, g, redirect, render_template, request
from werkzeug.exceptions import HTTPException

from directory import problems
from directory.codes import Problem
from directory.identity import SAFE_METHODS
from directory.web.desk import signing_in
from directory.web.desk.frame import DESK
from directory.web.wording import N_
from directory.web.wording import gettext as _

OIDC = "/api/v1/session/oidc"  # a door that people walk through, too
WRITINGS = frozenset({"message", "note", "text"})  # the fields that take more than a moment to fill in

# What happened, and what to do. What has no words of its own here is told in those of "request-refused".
WORDS: Mapping[str, tuple[str, str]] = {
    "not-signed-in": (N_("Sign in"), ""),
    "sign-in-failed": (
        N_("You could not be signed in"),
        N_(
            "There is no account here for whom you signed in as elsewhere. Sign in by password, or ask a coordinator."
        ),
    ),
    "not-allowed": (
        N_("This is not open to you"),
        N_("Your role does not take you here. A coordinator of your organization can tell you more."),
    ),
    "from-another-site": (
        N_("Nothing was changed"),
        N_(
            "This was sent from another website, or your browser does not tell where from. Do it again from your desk."
        ),
    ),
    "not-found": (
        N_("There is nothing here"),
        N_("The address is wrong, or what stood here is gone, or you may not see it."),
    ),
    "method-not-allowed": (N_("There is nothing here"), N_("Go to your desk, and begin from there.")),
    "conflict": (
        N_("That can't be done now"),
        N_("Nothing was changed: it has been done already, or something else stands in the way."),
    ),
    "illegal-step": (
        N_("That can't be done now"),
        N_("Nothing was changed: the referral has gone on since you opened it. Look at it as it is now."),
    ),
    "still-running": (
        N_("This is being done"),
        N_("It was sent twice, and the first time is not done yet. Look again in a moment."),
    ),
    "idempotency-key-reused": (
        N_("This was sent already"),
        N_("The form was sent before, with something else in it. Look at what came of it, then begin anew."),
    ),
    "stale-version": (
        N_("Somebody else was quicker"),
        N_(
            "Nothing of yours was saved: it was changed after you opened it. Look at it as it is now, then do it again."
        ),
    ),
    "too-large": (
        N_("That is too much"),
        N_("Nothing was saved: what you sent is larger than we take. Make it shorter."),
    ),
    "too-many-attempts": (
        N_("Too many attempts"),
        N_("Wait a quarter of an hour, then try again. Nothing was changed."),
    ),
    "too-many-requests": (N_("Too much at once"), N_("Wait a minute, then try again. Nothing was changed.")),
    "key-in-address": (
        N_("A key stood in the address"),
        N_("A key must never stand there, where it is kept. Revoke it, and make a new one."),
    ),
    "request-refused": (N_("That was not understood"), N_("Nothing was changed. Go back, and try again.")),
    "internal-error": (
        N_("Something went wrong here"),
        N_(
            "It is our mistake, and it has been noted. Look whether what you did was saved before you try again."
        ),
    ),
    "index-unavailable": (
        N_("The search is being prepared"),
        N_("Try again in half a minute. Everything else works."),
    ),
    "issuer-unavailable": (
        N_("Signing in there is not possible now"),
        N_("The service that you sign in by does not answer. Sign in by password, or try again later."),
    ),
}


def page_of(problem: Problem, status: int, errors: Mapping[str, list[str]]) -> Response | None:
    """The page for a problem at the desk; None elsewhere."""
    at_desk = request.path == DESK or request.path.startswith(f"{DESK}/")
    if not at_desk and not (request.path.startswith(OIDC) and problems.prefers_a_page()):
        return None
    if problem.code == "not-signed-in":
        return _to_sign_in()
    code = problem.code if problem.code in WORDS else "request-refused"
    title, text = WORDS[code]
    page = render_template(
        "desk/error.html",
        problem=_(title),
        told=_(text),
        written=what_was_written(),
        # Nothing of the address where one may not know of what it names.
        back=None if status in (403, 404, 405) else _readable(),
        language_leads_to=DESK,
    )
    return Response(page, status, mimetype="text/html")


def what_was_written() -> list[str]:
    """The texts of the form that is being answered, which would be lost with it."""
    if request.method in SAFE_METHODS:
        return []
    try:
        sent = request.form
    except HTTPException:  # too large to be looked at
        return []
    return [text for name in sent if _ends(name) in WRITINGS for text in sent.getlist(name) if text.strip()]


def _to_sign_in() -> Response:
    g.pop("identity", None)
    if request.method in SAFE_METHODS:
        path = request.full_path.rstrip("?")
        to = signing_in.PATH if path == DESK else f"{signing_in.PATH}?next={quote(path, safe='/')}"
        return redirect(to, 303)  # type: ignore[return-value]
    return signing_in.nothing_saved(_readable() or DESK, what_was_written())


def _readable() -> str | None:
    """The nearest page, here or above, that can be asked for."""
    rules, path = current_app.url_map.bind(""), request.path
    while path.startswith(f"{DESK}/"):
        if rules.test(path, "GET"):
            return path if request.method not in SAFE_METHODS else None
        path = path.rpartition("/")[0]
    return None


def _ends(name: str) -> str:
    return name.rpartition(".")[2]
