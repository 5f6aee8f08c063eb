"""Style sheets, scripts and pictures of our pages: few, small, from our own origin, kept by browsers for a year.

An address holds what the file's bytes come to, so that a new one is asked for at once. A style sheet begins with the
tokens (colour, type, space), which all pages share.
"""

from __future__ import annotations

import hashlib
import mimetypes
from functools import lru_cache
from pathlib import Path

from flask import Blueprint, Flask, Response, request
from xstatic.pkg import leaflet

from directory.errors import NotFound
from directory.web.compressing import compressed

STATIC = Path(__file__).resolve().parent / "static"
TOKENS = "tokens.css"
WITH_TOKENS = frozenset({"desk.css", "pages.css"})
# What others made, from the package that holds it: loaded for a larger map only.
FROM_OTHERS = {f"leaflet/{name}": Path(leaflet.BASE_DIR) / name for name in ("leaflet.js", "leaflet.css")}
A_YEAR = 365 * 24 * 3600
# Sandboxed frames on other sites are of no origin, not even ours; nothing here is anybody's secret.
FOR_ALL = {"Cross-Origin-Resource-Policy": "cross-origin", "Access-Control-Allow-Origin": "*"}

blueprint = Blueprint("assets", __name__)
blueprint.after_request(compressed)


@blueprint.get("/static/<path:name>")
def asset(name: str) -> Response:
    known = contents(name)
    if known is None:
        raise NotFound()
    body, digest = known
    response = Response(body, mimetype=mimetypes.guess_type(name)[0] or "application/octet-stream")
    current = request.args.get("v") == digest
    response.headers["Cache-Control"] = f"public, max-age={A_YEAR}, immutable" if current else "no-cache"
    response.headers.update(FOR_ALL)
    response.set_etag(digest)
    response.make_conditional(request)
    return response


def asset_address(name: str) -> str:
    """Where a page finds the file. Raises KeyError for one that there is not."""
    known = contents(name)
    if known is None:
        raise KeyError(name)
    return f"/static/{name}?v={known[1]}"


@lru_cache(maxsize=64)
def contents(name: str) -> tuple[bytes, str] | None:
    """The bytes and what they come to; None for what is no file of ours."""
    if name not in _names():
        return None
    body = (FROM_OTHERS.get(name) or STATIC / name).read_bytes()
    if name in WITH_TOKENS:
        body = (STATIC / TOKENS).read_bytes() + body
    return body, hashlib.sha256(body).hexdigest()[:12]


@lru_cache(maxsize=1)
def _names() -> frozenset[str]:
    """A page there is for the web server in front."""
    files = [path for path in STATIC.rglob("*") if path.is_file() and path.suffix != ".html"]
    return frozenset((*(path.relative_to(STATIC).as_posix() for path in files), *FROM_OTHERS))


def register(app: Flask) -> None:
    app.register_blueprint(blueprint)
    app.jinja_env.globals.update(asset=asset_address)
