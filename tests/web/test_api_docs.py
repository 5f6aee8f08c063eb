"""The page that shows the API, in a real browser and under our own Content-Security-Policy."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser

from directory.api.rooms import rooms
from tests.real_server import RealServer, real_server


@pytest.fixture(scope="module")
def served(directory_app: Flask) -> Iterator[RealServer]:
    with directory_app.app_context():
        data_dir = rooms().settings.data_dir
    with real_server(data_dir, WEB_CONCURRENCY="1") as server:
        yield server


def test_the_api_can_be_read_and_tried_with_nothing_from_elsewhere(
    served: RealServer, browser: Browser
) -> None:
    page = browser.new_page()
    complaints: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.add_init_script(
        "window.violations = [];"
        "addEventListener('securitypolicyviolation', e => violations.push(e.violatedDirective + ' ' + e.blockedURI));"
    )
    page.goto(f"{served.address}/api/docs")
    assert page.url == f"{served.address}/api/docs"
    page.wait_for_selector("#operations-search-get_api_v1_search, [id*='search'] .opblock-summary-get")
    paths = page.locator(".opblock-summary-path").all_inner_texts()
    assert {path.replace("\u200b", "") for path in paths} >= {
        "/api/v1/search",
        "/api/v1/suggest",
        "/api/v1/needs",
        "/api/v1/services/{id}",
    }
    operation = page.locator(".opblock-get", has_text="/api/v1/needs")
    operation.locator(".opblock-summary").click()
    operation.locator("button.execute").click()
    operation.locator(".live-responses-table td.response-col_status", has_text="200").wait_for()
    assert "naloxone" in operation.locator(".live-responses-table .highlight-code").inner_text()
    assert page.evaluate("violations") == []
    assert complaints == []
    elsewhere = [url for url in asked if not url.startswith((served.address, "data:", "blob:"))]
    assert elsewhere == []
    page.close()


def test_the_page_has_no_script_of_its_own_within(served: RealServer, browser: Browser) -> None:
    page = browser.new_page(java_script_enabled=False)
    page.goto(f"{served.address}/api/docs")
    assert page.locator("script:not([src]), style, [style], [onclick], [onload]").count() == 0
    assert "needs JavaScript" in page.content()
    page.close()
