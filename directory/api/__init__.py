"""The JSON doors: each parses, asks and answers, nothing else."""

from __future__ import annotations

from flask import Flask
from flask_smorest import Blueprint

from directory.api import (
    alternatives,
    corrections,
    docs,
    keys,
    members,
    oidc,
    partners,
    referrals,
    reports,
    rooms,
    search,
    services,
    session,
    shortcut,
    suggest,
    webhooks,
)
from directory.api.rooms import Rooms

BLUEPRINTS: tuple[Blueprint, ...] = (
    search.blueprint,
    suggest.blueprint,
    services.blueprint,
    corrections.blueprint,
    session.blueprint,
    oidc.blueprint,
    partners.blueprint,
    partners.own,
    members.blueprint,
    keys.blueprint,
    webhooks.blueprint,
    referrals.blueprint,
    alternatives.blueprint,
    reports.blueprint,
)


def register(app: Flask, house: Rooms) -> None:
    """Open the doors: add a blueprint to BLUEPRINTS, and its routes to ``permissions.PERMISSIONS``."""
    rooms.open_to(app, house)
    oidc.register(app, house.settings)
    described = docs.describe(app)
    for blueprint in BLUEPRINTS:
        described.register_blueprint(blueprint)
    app.wsgi_app = shortcut.before(  # type: ignore[assignment, method-assign]
        app.wsgi_app, lambda: app.extensions[rooms.KEY], app.config["MAX_CONTENT_LENGTH"]
    )
