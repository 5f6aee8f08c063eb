"""The HTML doors: pages that are complete without JavaScript, in the language of their reader."""

from __future__ import annotations

from flask import Flask

from directory.web import desk, wording
from directory.web.desk import errors, frame, saying


def register(app: Flask) -> None:
    """Open the doors. What they show comes from the rooms that ``api.rooms.rooms`` finds."""
    wording.register(app)
    frame.register(app)
    errors.register(app)
    saying.register(app)
    for blueprint in desk.BLUEPRINTS:
        app.register_blueprint(blueprint)
