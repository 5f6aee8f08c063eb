"""Every organization, service, line, site, programme and place that the source documents name is found by its name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

SITES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "data" / "sites.json").read_text("utf-8")
)
NAMED = [site for site in SITES if site.get("slugs")]
# Sources that give no name but only what is offered there: found among all that offer it.
UNNAMED = {"moskva-hiv-fond", "dansk-behandlingscenter"}


@pytest.mark.parametrize("site", NAMED, ids=lambda site: f"{site['number']}")
def test_what_the_sources_name_is_found_by_that_name(client: FlaskClient, site: dict[str, Any]) -> None:
    depth = 100 if UNNAMED & set(site["slugs"]) else 20
    answer = client.post("/api/v1/search", json={"q": site["named"], "per_page": depth}).get_json()
    assert {r["slug"] for r in answer["results"]} & set(site["slugs"]), [
        r["slug"] for r in answer["results"][:5]
    ]


def test_what_is_no_service_is_knowingly_a_reference_only() -> None:
    assert all(site.get("slugs") or site.get("reference_only") for site in SITES)
    assert [site["number"] for site in SITES] == list(range(1, 114))
