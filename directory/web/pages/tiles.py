"""Tiles of the larger map, by way of this house: whoever they are from learns of no client."""

from __future__ import annotations

import time
from functools import lru_cache
from pathlib import Path

from flask import Blueprint, Response

from directory.api.rooms import rooms
from directory.errors import NotFound
from directory.tiles import Tiles, fetch

FOLDER = "tiles"  # in the data directory

blueprint = Blueprint("tiles", __name__)


@blueprint.get("/tiles/<int:z>/<int:x>/<int:y>")
def tile(z: int, x: int, y: int) -> Response:
    """Nothing of it stays on the device: it would tell where somebody looked."""
    settings = rooms().settings
    if not settings.map_tiles_url:
        raise NotFound()
    body, kind = _tiles(settings.map_tiles_url, settings.data_dir / FOLDER).tile(z, x, y)
    response = Response(body, mimetype=kind)
    response.headers["Cache-Control"] = "no-store"
    return response


@lru_cache(maxsize=4)
def _tiles(template: str, folder: Path) -> Tiles:
    return Tiles(template, folder, fetch, time.time)
