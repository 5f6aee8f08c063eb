"""The HTML doors: pages that are complete without JavaScript, in the language of their reader."""

from __future__ import annotations

from flask import Flask

from directory.web import assets, compressing, desk, errors, pages, widget, wording
from directory.web.desk import frame as desk_frame
from directory.web.desk import saying
from directory.web.pages import drawing, searching
from directory.web.pages import frame as pages_frame


def register(app: Flask) -> None:
    """Open the doors. What they show comes from the rooms that ``api.rooms.rooms`` finds."""
    app.url_map.converters["lang"] = pages_frame.PageLanguage
    wording.register(app)
    compressing.register(app)
    assets.register(app)
    desk_frame.register(app)
    pages_frame.register(app)
    searching.register(app)
    drawing.register(app)
    errors.register(app)
    saying.register(app)
    for blueprint in (*pages.BLUEPRINTS, *widget.BLUEPRINTS, *desk.BLUEPRINTS):
        app.register_blueprint(blueprint)
