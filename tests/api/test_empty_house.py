"""A house whose database and index are not there yet, and one behind a proxy."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from directory import create_app
from directory.config import Settings
from directory.errors import UnsafeSettings


@pytest.fixture
def empty(settings: Settings) -> FlaskClient:
    return create_app(settings).test_client()


def test_a_house_without_an_index_is_alive_but_not_ready(empty: FlaskClient) -> None:
    assert empty.get("/health").status_code == 200
    response = empty.get("/ready")
    assert response.status_code == 503
    assert response.json is not None
    assert {component["name"]: component["state"] for component in response.json["components"]} == {
        "database": "failing",
        "search": "failing",
        "index": "degraded",
        "disk": "ok",
        "worker": "degraded",
    }


def test_a_search_without_an_index_is_told_to_come_back(empty: FlaskClient) -> None:
    response = empty.get("/api/v1/search?q=nalokson")
    assert response.status_code == 503
    assert response.json is not None
    assert response.json["type"] == "/problems/index-unavailable"
    assert int(response.headers["Retry-After"]) > 0


def test_numbers_are_told_without_an_index_too(empty: FlaskClient) -> None:
    response = empty.get("/metrics")
    assert response.status_code == 200
    assert "veiviser_index_generation 0.0" in response.text


def test_clients_behind_our_proxy_are_told_apart(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path, rate_limits="1/day", trusted_proxies=1)
    client = create_app(settings).test_client()

    def ask(forwarded: str) -> int:
        return client.get("/api/v1/nowhere", headers={"X-Forwarded-For": forwarded}).status_code

    assert ask("192.0.2.1") == 404
    assert ask("192.0.2.1") == 429
    assert ask("198.51.100.9, 192.0.2.1") == 429, "what a client itself adds in front changes nothing"
    assert ask("192.0.2.2") == 404
    assert client.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 404


def test_a_house_with_unsafe_settings_is_not_built(tmp_path: Path) -> None:
    with pytest.raises(UnsafeSettings, match="VEIVISER_SECRET_KEY"):
        create_app(Settings(_env_file=None, data_dir=tmp_path / "var", environment="production"))
    assert not (tmp_path / "var").exists()
