"""The numbers on one page that needs nothing else: no application, no style sheet, no choice of language.

``static/emergency.html`` is made of it, once for all; a test holds the file to it. A web server in front shows the file
while the application is down (docs/operating.md), and the application where it can't make a page of its own.
"""

from __future__ import annotations

import base64
import hashlib
from html import escape

from directory.languages import is_rtl
from directory.web.assets import STATIC
from directory.web.pages.emergency import NUMBERS, Number
from directory.web.wording import N_, PAGES, interface_languages, words_in

FILE = STATIC / "emergency.html"
TITLE = "Veiviser"
DOWN = N_("These pages do not work right now. You can call.")
STYLE = """
:root { color-scheme: light dark; background: Canvas; color: CanvasText; font: 1.125rem/1.5 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 34rem; padding: 1.5rem 1rem; }
h1 { font-size: 1.25rem; }
ul { list-style: none; margin: 0; padding: 0; }
li { padding: 1rem 0; border-top: 1px solid; }
a { display: inline-block; padding: .25rem 0; font-size: 2rem; font-weight: 700; }
p { margin: 0; }
"""
# The one page with a style of its own in it, which stands in our policy by what it comes to.
POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; style-src 'sha256-"
    f"{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'"
)


def plain_page() -> str:
    numbers = "\n".join(
        f'<li><a href="tel:{one.dialled}">{one.number}</a>\n<p>{_in_all_languages(one)}</p></li>'
        for one in NUMBERS
    )
    return (
        '<!doctype html>\n<html lang="nb">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{TITLE}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>{_said(DOWN, ('nb', 'en'), '<br>')}</h1>\n"
        f"<ul>\n{numbers}\n</ul>\n</main>\n</body>\n</html>\n"
    )


def _in_all_languages(one: Number) -> str:
    return _said(one.name, interface_languages(PAGES), " · ")


def _said(words: str, languages: tuple[str, ...], between: str) -> str:
    said: dict[str, str] = {}
    for code in languages:
        said.setdefault(words_in(code, PAGES).gettext(words), code)
    return between.join(
        f'<bdi lang="{code}" dir="{"rtl" if is_rtl(code) else "ltr"}">{escape(text)}</bdi>'
        for text, code in said.items()
    )
