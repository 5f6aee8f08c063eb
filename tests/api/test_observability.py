from __future__ import annotations

import logging

import pytest

from directory.config import Settings
from directory.observability import NO_ROUTE, Check
from tests.api.small_house import small_house

CANARY = "nalokson-bergen"


def test_health_asks_nothing_of_anyone(settings: Settings) -> None:
    def fail() -> None:
        raise AssertionError("was asked")

    with small_house(settings, checks=(Check("database", fail),)) as client:
        assert client.get("/health").json == {"status": "ok"}


def test_ready_tells_the_state_of_each_component(settings: Settings) -> None:
    def break_() -> None:
        raise OSError(f"/secret/path of {CANARY}")

    checks = (
        Check("database", lambda: None),
        Check("index", lambda: "is being built"),
        Check("search", break_),
    )
    with small_house(settings, checks=checks) as client:
        response = client.get("/ready")
    assert response.status_code == 503
    assert response.json == {
        "status": "not-ready",
        "components": [
            {"name": "database", "state": "ok"},
            {"name": "index", "state": "failing", "detail": "is being built"},
            {"name": "search", "state": "failing", "detail": "does not answer"},
        ],
    }


def test_ready_is_200_when_all_is_well(settings: Settings) -> None:
    with small_house(settings, checks=(Check("database", lambda: None),)) as client:
        response = client.get("/ready")
    assert (response.status_code, response.json["status"]) == (200, "ready")  # type: ignore[index]


def test_what_is_not_needed_for_an_answer_is_told_and_keeps_nobody_away(settings: Settings) -> None:
    checks = (
        Check("search", lambda: None),
        Check("index", lambda: "cannot be written: No space left on device", needed=False),
    )
    with small_house(settings, checks=checks) as client:
        response = client.get("/ready")
    assert response.status_code == 200
    assert response.json == {
        "status": "degraded",
        "components": [
            {"name": "search", "state": "ok"},
            {"name": "index", "state": "degraded", "detail": "cannot be written: No space left on device"},
        ],
    }


def test_a_request_is_told_by_its_template_and_nothing_it_holds(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "directory")
    with small_house(settings, {"GET /api/v1/door/<name>": lambda name: "well"}) as client:
        client.get(
            f"/api/v1/door/{CANARY}?q={CANARY}",
            data=CANARY,
            headers={"User-Agent": CANARY, "X-Request-Id": CANARY},
        )
        client.get(f"/{CANARY}")
        client.open(f"/api/v1/door/{CANARY}", method=CANARY.upper())
    told = [vars(record) for record in caplog.records if record.msg == "request"]
    assert [(line["route"], line["method"], line["status"]) for line in told] == [
        ("/api/v1/door/<name>", "GET", 200),
        (NO_ROUTE, "GET", 404),
        (NO_ROUTE, "other", 405),
    ]
    assert CANARY not in repr(told).lower()
    assert all(len(line["request_id"]) == 16 for line in told)


def test_metrics_count_by_template_method_and_status(settings: Settings) -> None:
    def counted(text: str) -> float:
        row = 'veiviser_requests_total{method="GET",route="/api/v1/counted/<name>",status="200"} '
        return sum(float(line.removeprefix(row)) for line in text.splitlines() if line.startswith(row))

    with small_house(settings, {"GET /api/v1/counted/<name>": lambda name: "well"}) as client:
        before = counted(client.get("/metrics").text)
        for _ in range(3):
            client.get(f"/api/v1/counted/{CANARY}")
        told = client.get("/metrics").text
    assert counted(told) == before + 3
    assert "veiviser_index_generation 7.0" in told
    assert CANARY not in told
