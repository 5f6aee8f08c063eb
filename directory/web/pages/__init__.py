"""The pages of clients: anonymous, without cookies, complete without JavaScript. No address holds what is sought."""

from __future__ import annotations

from flask import Blueprint

from directory.web.pages import front, mistakes, searching, service, taking, tiles

BLUEPRINTS: tuple[Blueprint, ...] = (
    front.blueprint,
    searching.blueprint,
    service.blueprint,
    mistakes.blueprint,
    taking.blueprint,
    tiles.blueprint,
)
