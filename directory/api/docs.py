"""The description of the API (OpenAPI 3.1) and a page to read and try it, all from our own origin."""

from __future__ import annotations

import json
from http import HTTPStatus
from pathlib import Path
from typing import Any

import flask_swagger_ui
import marshmallow as ma
from flask import Blueprint, Flask, Response, send_file
from flask_smorest import Api

from directory.errors import NotFound
from directory.identity import SESSION
from directory.permissions import PERMISSIONS, Entry, May, Who
from directory.problems import MEDIA_TYPE

TITLE = "Veiviser"
VERSION = "v1"

_OURS = Path(__file__).resolve().parent / "static"
_SWAGGER = Path(flask_swagger_ui.__file__).resolve().parent / "dist"
FILES = {
    "docs.js": _OURS / "docs.js",
    "index.css": _SWAGGER / "index.css",
    "swagger-ui.css": _SWAGGER / "swagger-ui.css",
    "swagger-ui-bundle.js": _SWAGGER / "swagger-ui-bundle.js",
    "favicon-32x32.png": _SWAGGER / "favicon-32x32.png",
}

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Veiviser: API</title>
<link rel="stylesheet" href="/api/docs/index.css">
<link rel="stylesheet" href="/api/docs/swagger-ui.css">
<link rel="icon" type="image/png" sizes="32x32" href="/api/docs/favicon-32x32.png">
</head>
<body>
<div id="swagger-ui"></div>
<noscript>This page needs JavaScript. The same description is at /api/openapi.json.</noscript>
<script src="/api/docs/swagger-ui-bundle.js"></script>
<script src="/api/docs/docs.js"></script>
</body>
</html>
"""


class ProblemSchema(ma.Schema):
    """RFC 9457, as ``problems`` answers. For the description only; nothing is dumped by it."""

    type = ma.fields.String(required=True, metadata={"description": "Where the kind of problem is explained"})
    title = ma.fields.String(required=True)
    status = ma.fields.Integer(required=True)
    detail = ma.fields.String(required=True)
    errors = ma.fields.Dict(
        keys=ma.fields.String(),
        values=ma.fields.List(ma.fields.String()),
        metadata={"description": "What is wrong with each field, and what it takes"},
    )


class Described(Api):
    """flask-smorest without its own error pages: problems.py is the only one that has any."""

    ERROR_SCHEMA = ProblemSchema

    def _register_error_handlers(self) -> None:
        pass

    def _register_responses(self) -> None:
        problem = {"description": "A problem", "content": {MEDIA_TYPE: {"schema": ProblemSchema}}}
        self.spec.components.response("DEFAULT_ERROR", problem, lazy=True)
        for status in HTTPStatus:
            if status >= 400:
                self.spec.components.response(
                    status.name, problem | {"description": status.phrase}, lazy=True
                )
            elif status in (204, 304):
                self.spec.components.response(status.name, {"description": status.phrase}, lazy=True)

    def _openapi_json(self) -> Response:
        told = self.spec.to_dict()
        for path, operations in told["paths"].items():
            rule = path.replace("{", "<").replace("}", ">")
            for method, operation in operations.items():
                if ways := _ways_in(PERMISSIONS.get(f"{method.upper()} {rule}")):
                    operation["security"] = ways
        response = Response(json.dumps(told, indent=2), mimetype="application/json")
        response.headers["Cache-Control"] = "public, max-age=300"
        return response


def _ways_in(entry: Entry | None) -> list[dict[str, list[str]]]:
    """How somebody who may is known: any one of these. Nothing where anyone may."""
    if entry is Who.SIGNED_IN:
        return [{"session": []}]
    if isinstance(entry, May):
        return [{"session": []}, *([{"key": [entry.scope.value]}] if entry.scope else [])]
    return []


_SPEC_OPTIONS: dict[str, Any] = {
    "info": {
        "description": "Help services, found by need, language and distance. "
        f"Every error is `{MEDIA_TYPE}` (RFC 9457). What is searched for is never stored or logged.\n\n"
        "Show with places and distances: postcodes by [Erik Bolstad](https://www.erikbolstad.no/postnummer/) (CC BY); "
        "© [OpenStreetMap contributors](https://www.openstreetmap.org/copyright) (ODbL); © Kartverket; towns by "
        "[GeoNames](https://www.geonames.org/) (CC BY 4.0); Danish postcodes by "
        "[dr5hn](https://github.com/dr5hn/countries-states-cities-database) (ODbL).",
        "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    },
    "components": {
        "securitySchemes": {
            "key": {"type": "http", "scheme": "bearer", "description": "A key of a partner's system."},
            "session": {
                "type": "apiKey",
                "in": "cookie",
                "name": SESSION,
                "description": "Set by POST /api/v1/session; in production its name begins with `__Host-`.",
            },
        }
    },
    "servers": [{"url": "/", "description": "Where this description comes from"}],
}

blueprint = Blueprint("api_docs", __name__)


def describe(app: Flask) -> Described:
    """The API to register blueprints with; what they say of themselves is served at /api/openapi.json."""
    app.config.update(
        API_TITLE=TITLE,
        API_VERSION=VERSION,
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/api",
        OPENAPI_JSON_PATH="openapi.json",
        API_SPEC_OPTIONS=_SPEC_OPTIONS,
    )
    app.register_blueprint(blueprint)
    return Described(app)


@blueprint.get("/api/docs")
def page() -> Response:
    return Response(PAGE, mimetype="text/html")


@blueprint.get("/api/docs/<name>")
def file(name: str) -> Response:
    path = FILES.get(name)
    if path is None:
        raise NotFound()
    return send_file(path, max_age=86400, conditional=True)
