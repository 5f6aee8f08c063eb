"""Answers made smaller on the way, where they hold nobody's secret.

Never pages of the desk: what is typed there and what stands there beside it would be told by their size (BREACH).
"""

from __future__ import annotations

from flask import Flask, Response
from flask_compress import Compress

_compress = Compress()


def compressed(response: Response) -> Response:
    """``after_request`` of blueprints whose pages are the same for everybody."""
    smaller: Response = _compress.after_request(response)
    return smaller


def register(app: Flask) -> None:
    app.config.update(
        COMPRESS_REGISTER=False, COMPRESS_ALGORITHM=["br", "gzip"], COMPRESS_BR_LEVEL=4, COMPRESS_LEVEL=5
    )
    _compress.init_app(app)
