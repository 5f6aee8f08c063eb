"""What went wrong on a client's page, told in the frame: the numbers to call first, then what to do now.

Where not even that can be made, the page that needs nothing takes its place.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from flask import Response, render_template, request

from directory import problems
from directory.api.rooms import rooms
from directory.codes import Problem
from directory.languages import negotiate
from directory.web.compressing import compressed
from directory.web.pages.plain import FILE, POLICY
from directory.web.wording import N_, PAGES, gettext, interface_languages, use_language

log = logging.getLogger(__name__)

PLAIN = FILE.read_bytes()  # now: a disk may be what is wrong then

# What happened, and what to do. What has no words of its own here is told in those of "request-refused".
WORDS: Mapping[str, tuple[str, str]] = {
    "not-found": (
        N_("This page is not here"),
        N_("The address may be wrong, or what stood here is gone. Try a search."),
    ),
    "method-not-allowed": (
        N_("This page can't be opened like this"),
        N_("Begin again from the search."),
    ),
    "too-large": (N_("That was too long"), N_("Go back, write less, and try again.")),
    "too-many-requests": (
        N_("That was very much at once"),
        N_("Wait a minute, then try again. You can always call."),
    ),
    "index-unavailable": (
        N_("The search is not ready yet"),
        N_("Try again in half a minute. You can always call."),
    ),
    "internal-error": (
        N_("Something went wrong here"),
        N_("It is our mistake, not yours. Try again in a little while. You can always call."),
    ),
    "request-refused": (N_("That did not work"), N_("Go back, and try again.")),
}
LOST = frozenset({"not-found", "method-not-allowed"})  # who comes here is helped by a search


def page_of(problem: Problem, status: int) -> Response | None:
    """The page for a problem at a client's address; None for programs."""
    language = _language()
    if language is None:
        return None
    code = problem.code if problem.code in WORDS else "request-refused"
    title, told = WORDS[code]
    try:
        use_language(language)
        page = render_template(
            "pages/error.html",
            problem=gettext(title),
            told=gettext(told),
            lost=code in LOST,
            embedded=request.path.startswith("/embed"),
            languages_lead_to="",
        )
    except Exception as error:
        log.error("unexpected", exc_info=error)
        plain = Response(PLAIN, status, mimetype="text/html")
        plain.headers["Content-Security-Policy"] = POLICY
        return plain
    return compressed(Response(page, status, mimetype="text/html"))


def _language() -> str | None:
    """Of the page that was asked for, by its address, else by what the browser asks for; None where a program asks."""
    accepted, languages = request.accept_mimetypes, interface_languages(PAGES)
    named = request.path.split("/", 2)[1]
    if named in languages:
        return None if accepted["application/json"] > accepted["text/html"] else named
    if request.path.startswith(problems.PROGRAM_PATHS) or not problems.prefers_a_page():
        return None
    wanted = negotiate(request.headers.get("Accept-Language"), rooms().settings.default_language)
    return wanted if wanted in languages else "nb"
