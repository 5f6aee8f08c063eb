"""The desk: where counsellors refer clients, answer referrals, and see to their partner's settings."""

from __future__ import annotations

from flask import Blueprint

from directory.web.desk import home

BLUEPRINTS: tuple[Blueprint, ...] = (home.blueprint,)
