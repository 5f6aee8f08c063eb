"""The search page: one box, and what was found. A POST by default, so that what is sought stands in no address."""

from __future__ import annotations

from flask import Blueprint, render_template

from directory.web.pages.frame import for_a_client, take_language

blueprint = Blueprint("pages_search", __name__, url_prefix="/<lang:lang>")
blueprint.url_value_preprocessor(take_language)
blueprint.after_request(for_a_client)


@blueprint.get("/")
def form() -> str:
    return render_template("pages/search.html")


@blueprint.post("/")
def search() -> str:
    return render_template("pages/search.html")
