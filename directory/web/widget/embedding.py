"""What stands in the frame on a partner's site: the search, anonymous and without cookies, as on our own pages.

Which sites may hold it, the partner says (``partners.origins``), and browsers keep to it by ``frame-ancestors``. The
frame has no origin of its own (it is sandboxed), so that neither side can read the other; what is typed is sent to us
in the body. The address holds what the editor chose, and nothing that a visitor did.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, g, request
from werkzeug.datastructures import MultiDict

from directory.api.rooms import rooms
from directory.errors import IndexUnavailable, InvalidInput, NotFound
from directory.languages import negotiate
from directory.partners.origins import may_hold
from directory.security import CONTENT_SECURITY_POLICY
from directory.web import seeking
from directory.web.assets import FOR_ALL, contents
from directory.web.pages import refusing
from directory.web.pages.frame import Version, direction_of, for_a_client
from directory.web.pages.searching import ENOUGH, IN_LINKS
from directory.web.pages.showing import kept
from directory.web.rendering import render_page
from directory.web.undoing import undone
from directory.web.widget.colours import AUTO, THEMES, colour_of, style_sheet
from directory.web.wording import PAGES, interface_languages, page_language, page_languages, use_language

PATH = "/embed"
LOADER = "widget.js"
NOBODY = "frame-ancestors 'none'"
AN_HOUR = 3600

blueprint = Blueprint("widget", __name__)


@dataclass(frozen=True, slots=True)
class Frame:
    """How the editor wants it. ``holders``: the origins that may hold it; ``around``: the one of these that says that
    it does, or ours, or None."""

    partner: str
    holders: tuple[str, ...]
    around: str | None
    theme: str
    colour: str | None

    @property
    def style_address(self) -> str | None:
        if self.theme == AUTO and not self.colour:
            return None
        return f"{PATH}/{self.theme}{f'-{self.colour}' if self.colour else ''}.css"

    def search_address(self, language: str) -> str:
        """Where its forms lead: the same frame, without what the editor chose to be sought."""
        said = {"partner": self.partner, "origin": self.around, "lang": language}
        said |= {"theme": None if self.theme == AUTO else self.theme, "color": self.colour}
        return f"{PATH}?{urlencode({name: value for name, value in said.items() if value})}"


@blueprint.get("/widget.js")
def loader() -> Response:
    """The script that the line on a partner's page names. Browsers ask for a new one after an hour."""
    body, digest = contents(LOADER) or (b"", "")
    response = Response(body, mimetype="text/javascript")
    response.headers.update(FOR_ALL)
    response.headers["Cache-Control"] = f"public, max-age={AN_HOUR}"
    response.set_etag(digest)
    response.make_conditional(request)
    return response


@blueprint.get(f"{PATH}/<look>.css")
def style(look: str) -> Response:
    """``look``: a theme, or theme-colour."""
    theme, _, colour = look.partition("-")
    if theme not in THEMES or colour_of(colour) != (colour or None):
        raise NotFound()
    response = Response(style_sheet(theme, colour or None), mimetype="text/css")
    response.headers["Cache-Control"] = f"public, max-age={AN_HOUR}"
    return response


@blueprint.get(PATH)
def first() -> tuple[str, int]:
    """What the editor chose. Never free text, which would stand in an address."""
    chosen = MultiDict((name, value) for name in IN_LINKS for value in request.args.getlist(name))
    return _page(_frame(), chosen, done=False)


@blueprint.post(PATH)
def search() -> tuple[str, int]:
    frame = _frame()  # in whose language the words are that are undone
    return _page(frame, undone(request.form), done=True)


@blueprint.after_request
def held_by_its_partner(response: Response) -> Response:
    """Errors, too, are told in the frame."""
    if request.path == PATH:
        holders = " ".join(("'self'", *g.get("holders", ())))
        policy = response.headers.get("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        response.headers["Content-Security-Policy"] = policy.replace(NOBODY, f"frame-ancestors {holders}")
    return for_a_client(response)


def _frame() -> Frame:
    """As the address of the request says it."""
    asked = request.args
    use_language_asked(asked.get("lang", ""))
    partner, theme = asked.get("partner", ""), asked.get("theme", "")
    with rooms().database.reading() as session:
        g.holders = may_hold(session, partner)
    origin = asked.get("origin", "")
    return Frame(
        partner,
        g.holders,
        origin if origin in (*g.holders, request.host_url.rstrip("/")) else None,
        theme if theme in THEMES else AUTO,
        colour_of(asked.get("color", "")),
    )


def use_language_asked(lang: str) -> None:
    """Answer in this language where pages can be had in it, else as the browser asks for."""
    there = interface_languages(PAGES)
    if lang not in there:
        lang = negotiate(request.headers.get("Accept-Language"), rooms().settings.default_language)
    use_language(lang if lang in there else "nb")


def _page(frame: Frame, typed: MultiDict[str, str], *, done: bool) -> tuple[str, int]:
    """``done``: whether a visitor did something in the frame."""
    answer: dict[str, Any] | None = None
    errors: dict[str, list[str]] = {}
    status = 200
    if frame.holders and any(typed.get(name, "").strip() for name in ENOUGH):
        try:
            answer = seeking.found(seeking.values_of(typed))
        except InvalidInput as error:
            errors, status = refusing.in_words(error.errors), 422
        except IndexUnavailable:
            status = 503
    said = {
        "embedded": True,
        "frame": frame,
        "answer": answer,
        "typed": typed,
        "errors": errors,
        "out_of_order": status == 503,
        "done": done,
        "again": kept(typed),
        "search_address": frame.search_address(page_language()),
        "link_target": "_blank",
        "languages": [
            Version(code, name, direction_of(code), PATH, frame.search_address(code), here=False)
            for code, name in page_languages(PAGES)
            if code != page_language()
        ],
    }
    return render_page("widget/embed.html", **said), status
