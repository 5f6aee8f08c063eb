"""The first address, which leads on to the search in the language of the browser; and pages that need no directory."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from directory.api.rooms import rooms
from directory.languages import negotiate
from directory.web.pages.frame import for_a_client, take_language
from directory.web.wording import PAGES, interface_languages

blueprint = Blueprint("pages", __name__, template_folder="../templates")
blueprint.url_value_preprocessor(take_language)
blueprint.after_request(for_a_client)


@blueprint.get("/")
def front() -> Response:
    """Nothing of the query is repeated."""
    wanted = negotiate(request.headers.get("Accept-Language"), rooms().settings.default_language)
    response = redirect(f"/{wanted if wanted in interface_languages(PAGES) else 'nb'}/")
    response.headers["Vary"] = "Accept-Language"
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/<lang:lang>/emergency")
def emergency() -> str:
    """Of what stands in the code alone: neither database nor index is asked."""
    return render_template("pages/emergency.html")


@blueprint.get("/<lang:lang>/traces")
def traces() -> str:
    return render_template("pages/traces.html")
