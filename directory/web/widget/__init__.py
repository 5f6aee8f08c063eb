"""The search on partners' own sites: a line that an editor pastes, the frame that it puts in place, and a page that
makes the line."""

from __future__ import annotations

from flask import Blueprint

from directory.web.widget import composing, embedding

BLUEPRINTS: tuple[Blueprint, ...] = (embedding.blueprint, composing.blueprint)
