"""The coordinator's reports in Chromium: asked for by keyboard, with and without JavaScript, small and wide."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from directory.partners.access import Role
from tests.report_population import referral
from tests.web.conftest import Desk, axe_finds, sideways


@pytest.fixture(scope="module")
def counted(desk: Desk) -> Desk:
    sender, receiver = desk.network.partners["sender"].id, desk.network.partners["receiver"].id
    with desk.network.database.unit_of_work() as session:
        for _ in range(8):
            session.add(referral(sender, receiver, status="in-progress", accepted_after=50))
            session.add(referral(sender, receiver, status="rejected", reason="no-capacity", answered_after=5))
        session.commit()
    return desk


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without"])
def test_a_report_is_asked_for_by_keyboard_alone(counted: Desk, javascript: bool) -> None:
    with counted.page("sender", Role.COORDINATOR, java_script_enabled=javascript) as page:
        page.goto("/desk/reports")
        page.get_by_role("checkbox", name="Måned").press("Space")
        page.get_by_role("checkbox", name="Grunn").press("Space")
        page.keyboard.press("Enter")
        page.wait_for_url("**/desk/reports?**by=reason")
        expect(page.get_by_role("heading", level=2)).to_have_text("Sendt, desember 2025 til november 2026")
        rows = page.get_by_role("table", name="Henvisninger i tall").locator("tbody tr")
        assert [row.split("\t")[:4] for row in rows.all_inner_texts()] == [
            ["Ingen ledig plass nå", "5", "5", "under 5"],
            ["Ingen grunn oppgitt", "5", "5", "5"],
        ]
        with page.expect_download() as loading:
            page.get_by_role("link", name="Hent til regneark").press("Enter")
        assert loading.value.suggested_filename == "referrals-out-2025-12-2026-11.csv"


def test_a_chart_fits_and_says_what_it_shows(counted: Desk) -> None:
    widest = "by=service&by=reason&by=outcome&by=month"
    with counted.page("sender", Role.COORDINATOR) as page:
        for query, scheme, width in (
            ("by=month", "light", 320),
            (widest, "dark", 320),
            (widest, "light", 1280),
            ("by=month&from=januar", "dark", 1280),
        ):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            page.set_viewport_size({"width": width, "height": 800})
            page.goto(f"/desk/reports?{query}")
            assert sideways(page) == 0, (query, width)
            assert axe_finds(page) == [], (query, scheme, width)
            if "from" in query:
                expect(page.locator("#errors")).to_be_focused()
                continue
            chart = page.get_by_role("img", name="Henvisninger, og hvor mange av dem som ble tatt imot")
            expect(chart).to_be_visible()
            outside = chart.evaluate(
                "chart => [...chart.querySelectorAll('rect, .value')].filter(one =>"
                " one.getBoundingClientRect().right > chart.getBoundingClientRect().right).length"
            )
            assert outside == 0
