"""Pages whose templates are compiled once for each language, so that all words of it are plain text in them.

Half of what a page of results costs is otherwise the looking up of its words, which are the same in each answer
(docs/decisions/a-page-is-compiled-by-language.md).
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from flask import Flask, current_app
from jinja2 import Environment, nodes
from jinja2.compiler import CodeGenerator
from jinja2.visitor import NodeTransformer
from markupsafe import Markup

from directory.languages import is_rtl
from directory.web.assets import asset_address
from directory.web.wording import PAGES, page_language, words_in

ENVIRONMENTS = "veiviser-pages"  # in the application's extensions: language -> environment
LANGUAGE = "language_of_pages"  # the attribute that tells which one an environment is of


def render_page(name: str, **context: Any) -> str:
    """As Flask's ``render_template``, for a page of clients in the language of the request; such a page is made of what
    it is given, so without ``request``, ``session`` and ``g``."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    template = _environment(app, page_language()).get_template(name)
    return template.render(context)


def page_module(name: str) -> Any:
    """What a template defines at its top, its macros above all, in the language of the page."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    return _environment(app, page_language()).get_template(name).module


def _environment(app: Flask, language: str) -> Environment:
    made: dict[str, Environment] = app.extensions.setdefault(ENVIRONMENTS, {})
    if language not in made:
        environment = app.jinja_env.overlay()
        setattr(environment, LANGUAGE, language)
        environment.code_generator_class = _InOneLanguage
        made[language] = environment
    return made[language]


class _InOneLanguage(CodeGenerator):
    def visit_Template(self, node: nodes.Template, frame: Any = None) -> None:
        super().visit_Template(_Said(getattr(self.environment, LANGUAGE)).visit(node), frame)


class _Said(NodeTransformer):
    """Puts in the place of a call what it comes to, where that is the same in all answers of one language."""

    def __init__(self, language: str) -> None:
        words = words_in(language, PAGES)
        self._known = {
            # as jinja2.ext's newstyle gettext does it
            "_": lambda message: Markup(words.gettext(message)) % {},  # nosec B704: a text of our own
            "page_language": lambda: language,
            "page_direction": lambda: "rtl" if is_rtl(language) else "ltr",
            "asset": asset_address,
        }

    def visit_Call(self, node: nodes.Call) -> nodes.Node:
        self.generic_visit(node)
        plain = not (node.kwargs or node.dyn_args or node.dyn_kwargs)
        if (
            plain
            and isinstance(node.node, nodes.Name)
            and node.node.name in self._known
            and all(isinstance(one, nodes.Const) for one in node.args)
        ):
            values = [one.value for one in node.args if isinstance(one, nodes.Const)]
            with suppress(KeyError):  # a file that is not there: told when the page asks for it
                return nodes.Const(self._known[node.node.name](*values), lineno=node.lineno)  # type: ignore[operator]
        return node
