"""The first page of the desk."""

from __future__ import annotations

from flask import Blueprint, render_template

from directory.identity import asking

blueprint = Blueprint(
    "desk", __name__, url_prefix="/desk", template_folder="../templates", static_folder="../static"
)


@blueprint.get("")
def home() -> str:
    return render_template("desk/home.html", identity=asking())
