"""The desk: where counsellors refer clients, answer referrals, and see to their partner's settings."""

from __future__ import annotations

from flask import Blueprint

from directory.web.desk import (
    account,
    acknowledging,
    boxes,
    corrections,
    handling,
    home,
    keys,
    members,
    redeeming,
    referring,
    reports,
    searching,
    settings,
    signing_in,
    webhooks,
)

BLUEPRINTS: tuple[Blueprint, ...] = (
    home.blueprint,
    searching.blueprint,
    referring.blueprint,
    boxes.blueprint,
    handling.blueprint,
    redeeming.blueprint,
    acknowledging.blueprint,
    reports.blueprint,
    corrections.blueprint,
    signing_in.blueprint,
    account.blueprint,
    settings.blueprint,
    members.blueprint,
    keys.blueprint,
    webhooks.blueprint,
)
