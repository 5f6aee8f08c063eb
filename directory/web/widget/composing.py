"""Where an editor makes the line for a partner's site, and sees what it puts there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import urlencode

from flask import Blueprint, Response, render_template, request
from markupsafe import Markup
from werkzeug.datastructures import MultiDict

from directory.api.rooms import rooms
from directory.errors import InvalidInput
from directory.partners.origins import may_hold
from directory.security import CONTENT_SECURITY_POLICY
from directory.web import seeking
from directory.web.pages import refusing
from directory.web.pages.frame import Version, direction_of, for_a_client
from directory.web.widget.colours import AUTO, DARK, LIGHT, THEMES, colour_of
from directory.web.widget.embedding import LOADER, PATH, use_language_asked
from directory.web.wording import PAGES, gettext, interface_languages, page_language, page_languages, words_in

LONGEST = 200  # characters of what is chosen

blueprint = Blueprint("widget_line", __name__)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the editor chose; "" where nothing."""

    partner: str
    lang: str
    need: str
    near: str
    theme: str
    color: str

    @classmethod
    def of(cls, asked: MultiDict[str, str]) -> Chosen:
        said = {name: asked.get(name, "")[:LONGEST].strip() for name in ("partner", "need", "near", "color")}
        lang, theme = asked.get("in", ""), asked.get("theme", "")
        return cls(
            **said,
            lang=lang if lang in interface_languages(PAGES) else page_language(),
            theme=theme if theme in THEMES else AUTO,
        )

    @property
    def sought(self) -> dict[str, str]:
        return {name: value for name, value in (("need", self.need), ("near", self.near)) if value}

    @property
    def look(self) -> dict[str, str]:
        theme = "" if self.theme == AUTO else self.theme
        colour = colour_of(self.color)
        said = (("theme", theme), ("color", f"#{colour}" if colour else ""))
        return {name: value for name, value in said if value}


@blueprint.get("/widget")
def compose() -> str | tuple[str, int]:
    use_language_asked(request.args.get("lang", ""))
    house = rooms()
    chosen = Chosen.of(request.args)
    with house.database.reading() as session:
        holders = may_hold(session, chosen.partner)
    errors = _errors(chosen)
    good = replace(chosen, **dict.fromkeys(errors, ""))
    needs = sorted(
        ((need.slug, house.needs.label(need.slug, page_language())) for need in house.needs),
        key=lambda one: one[1].casefold(),
    )
    said = {
        "chosen": chosen,
        "errors": errors,
        "holders": holders,
        "needs": needs,
        "themes": (
            (AUTO, gettext("As the visitor's device has it")),
            (LIGHT, gettext("Light")),
            (DARK, gettext("Dark")),
        ),
        "line": line(house.settings.base_url, good),
        "frame_address": _frame_address(good),
        "choices": page_languages(PAGES),
        "languages": [_version(code, name) for code, name in page_languages(PAGES)],
        "languages_lead_to": "",
        "wide": True,
    }
    return render_template("widget/compose.html", **said), 422 if errors else 200


@blueprint.after_request
def shows_a_frame_of_ours(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = f"{CONTENT_SECURITY_POLICY}; frame-src 'self'"
    return for_a_client(response)


def line(base_url: str, chosen: Chosen) -> str:
    """The line, as it is pasted: a script and, for browsers without, a link. HTML, yet a plain string: a page shows it
    as text."""
    said = {"partner": chosen.partner, **chosen.sought, "lang": chosen.lang, **chosen.look}
    data = Markup("").join(Markup(' data-{}="{}"').format(name, value) for name, value in said.items())
    query = f"?{urlencode(chosen.sought)}" if chosen.sought else ""
    written = Markup(
        '<script async src="{base}/{loader}"{data}></script>'
        '<noscript><a href="{base}/{lang}/{query}">{said}</a></noscript>'
    ).format(
        base=base_url,
        loader=LOADER,
        data=data,
        lang=chosen.lang,
        query=query,
        said=words_in(chosen.lang, PAGES).gettext("Find help"),
    )
    return str(written)


def _frame_address(chosen: Chosen) -> str:
    said = {"partner": chosen.partner, "origin": request.host_url.rstrip("/"), "lang": chosen.lang}
    return f"{PATH}?{urlencode(said | chosen.sought | chosen.look)}"


def _errors(chosen: Chosen) -> dict[str, list[str]]:
    """{field: [sentence]} for what no search takes."""
    house, errors = rooms(), {}
    try:
        values = seeking.values_of(MultiDict(chosen.sought))
        house.searcher.resolve(values, now=house.clock(), lang=page_language())
    except InvalidInput as error:
        errors = refusing.in_words(error.errors)
    if chosen.color and not colour_of(chosen.color):
        errors["color"] = [gettext("Write # and six letters or digits, such as #0b5563.")]
    return errors


def _version(code: str, name: str) -> Version:
    """This page in a language, with what was chosen."""
    asked = {name: value for name, value in request.args.items() if name in (*Chosen.__slots__, "in")}
    address = f"/widget?{urlencode(asked | {'lang': code})}"
    return Version(code, name, direction_of(code), "/widget", address, code == page_language())
