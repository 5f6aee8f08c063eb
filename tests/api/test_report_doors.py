"""A coordinator's report: whose referrals, which months, by what, as JSON, as a spreadsheet, and as a page."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from flask.testing import FlaskClient

from directory.api.report_shapes import ReportShape
from directory.api.spreadsheet import sheet
from directory.partners.access import Role
from tests.factories import saved, service_draft
from tests.partner_network import Network
from tests.referral_house import CLINIC, SHELTER, service
from tests.report_population import referral

REPORT, DESK = "/api/v1/referrals/report", "/desk/reports"
FORMULA = '=HYPERLINK("https://elsewhere.example","klikk her")'


@pytest.fixture
def coordinator(network: Network) -> FlaskClient:
    """Of the sender, who has sent twelve to the clinic and seven to the shelter, in October."""
    sender, receiver = network.partners["sender"].id, network.partners["receiver"].id
    done: dict[str, Any] = {"status": "completed", "outcome": "need-met", "accepted_after": 30}
    rejected: dict[str, Any] = {"status": "rejected", "reason": "no-capacity", "answered_after": 3}

    def rows() -> Iterator[Any]:
        yield from (referral(sender, receiver, **done) for _ in range(7))
        yield from (referral(sender, receiver, **rejected) for _ in range(5))
        yield from (referral(sender, receiver, service_id=service(SHELTER)) for _ in range(7))

    with network.database.unit_of_work() as session:
        saved(session, service_draft(SHELTER, organization="shelter-house", names={"nb": FORMULA}))
        session.add_all(rows())
        session.commit()
    return network.person("sender", Role.COORDINATOR)


def asked(client: FlaskClient, path: str = REPORT, status: int = 200, **query: Any) -> Any:
    answer = client.get(path, query_string=query)
    assert answer.status_code == status, answer.text
    return answer


def test_a_report_says_what_its_numbers_are(coordinator: FlaskClient) -> None:
    found = asked(coordinator, by=["service", "month"]).json
    assert ReportShape().validate(found) == {}
    total, rows = found.pop("total"), found.pop("rows")
    assert found == {
        "box": "out",
        "from": "2025-12",
        "to": "2026-11",
        "by": ["month", "service"],
        "counts": "at least, in fives",
    }
    assert total == {
        "sent": 15,
        "answered": 10,
        "accepted": 5,
        "rejected": 5,
        "completed": 5,
        "failed": None,
        "cancelled": None,
        "open": 5,
        "answered_within_hours": 48,
    }
    assert [(row["month"], row["service"]["slug"], row["sent"]) for row in rows] == [
        ("2026-10", CLINIC, 10),
        ("2026-10", SHELTER, 5),
    ]
    assert "reason" not in rows[0]


def test_names_are_in_the_language_asked_for(coordinator: FlaskClient) -> None:
    names = [
        asked(coordinator, by="service", lang=lang).json["rows"][0]["service"]["name"]
        for lang in ("nb", "en")
    ]
    assert names == ["Clinic", "The clinic"]


def test_months_are_those_asked_for(coordinator: FlaskClient) -> None:
    def told(**query: str) -> tuple[str, str, int | None]:
        found = asked(coordinator, **query).json
        return found["from"], found["to"], found["total"]["sent"]

    assert told(**{"from": "2026-11"}) == ("2026-11", "2026-11", None)
    assert told(to="2026-10") == ("2025-11", "2026-10", 15)
    assert told(**{"from": "2026-10", "to": "2026-10"}) == ("2026-10", "2026-10", 15)
    assert asked(coordinator, **{"from": "2026-10"}, by="month").json["rows"][1]["sent"] is None


def test_the_receiver_sees_them_in_its_own_box(coordinator: FlaskClient, network: Network) -> None:
    receiver = network.person("receiver", Role.COORDINATOR)
    assert asked(receiver, box="in").json["total"]["sent"] == 15
    assert asked(receiver, box="out").json["total"]["sent"] is None
    assert asked(coordinator, box="in").json["total"]["sent"] is None


def test_what_is_wrong_is_told_by_the_field_that_was_sent(coordinator: FlaskClient) -> None:
    wrong: list[tuple[str, str]] = [
        ("from", "2026-13"),
        ("from", "2026-1"),
        ("to", "0000-01"),
        ("to", "oktober"),
        ("box", "all"),
        ("by", "client_ref"),
        ("format", "xlsx"),
        ("month", "2026-10"),
    ]
    for field, value in wrong:
        assert list(asked(coordinator, status=422, **{field: value}).json["errors"]) == [field]
    assert list(asked(coordinator, status=422, **{"from": "2026-11", "to": "2026-10"}).json["errors"]) == [
        "to"
    ]
    assert list(asked(coordinator, status=422, **{"from": "1990-01"}).json["errors"]) == ["from"]


def test_a_spreadsheet_gets_text_and_numbers_and_no_formula(coordinator: FlaskClient) -> None:
    answer = asked(coordinator, by=["service", "outcome"], format="csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8; header=present"
    assert answer.headers["Content-Disposition"] == (
        'attachment; filename="referrals-out-2025-12-2026-11.csv"'
    )
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.data.startswith(b"\xef\xbb\xbfservice_id,") and answer.data.endswith(b"\r\n")
    rows = list(csv.DictReader(StringIO(answer.data.decode("utf-8-sig"), newline="")))
    assert [(row["service_slug"], row["outcome"], row["sent"], row["failed"]) for row in rows] == [
        (CLINIC, "need-met", "5", "<5"),
        (CLINIC, "", "5", "<5"),
        (SHELTER, "", "5", "<5"),
    ]
    assert rows[2]["service_name"] == f"'{FORMULA}"
    assert (rows[0]["answered_within_hours"], rows[2]["answered_within_hours"]) == ("48", "")
    [total] = csv.DictReader(StringIO(asked(coordinator, format="csv").data.decode("utf-8-sig"), newline=""))
    assert (total["sent"], total["failed"], len(total)) == ("15", "<5", 9)


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1"])
def test_a_cell_that_would_be_reckoned_is_text(cell: str) -> None:
    written = sheet(["head"], [[cell], ["plain, =1"], [5], [None], ["æøå"]]).decode("utf-8-sig")
    assert list(csv.reader(StringIO(written, newline=""))) == [
        ["head"],
        [f"'{cell}"],
        ["plain, =1"],
        ["5"],
        [""],
        ["æøå"],
    ]


def test_the_page_shows_the_numbers_as_table_and_chart(coordinator: FlaskClient) -> None:
    coordinator.set_cookie("veiviser-language", "nb")
    page = asked(coordinator, DESK, by=["service", "reason"]).text
    assert "style=" not in page and "<script>" not in page
    numbers = re.findall(r'<td class="number" data-label="Sendt">(.*?)</td>', page)
    assert numbers == ["5", "5", "5"]
    bars = re.findall(r'<rect class="whole" x="1" y="\d+" width="([\d.]+)%"', page)
    assert bars == ["78.00"] * 3
    assert re.search(r'<svg class="bars"[^>]*role="img" aria-labelledby="rows-title rows-told"', page)
    assert "=HYPERLINK(&#34;https://elsewhere.example" in page
    link = re.search(r'href="(/api/v1/referrals/report[^"]*)"', page)
    assert link
    answer = coordinator.get(link[1].replace("&amp;", "&"))
    assert answer.data.startswith(b"\xef\xbb\xbfservice_id,service_slug,service_name,reason,sent,")


def test_the_page_begins_with_the_months_of_a_year(coordinator: FlaskClient) -> None:
    coordinator.set_cookie("veiviser-language", "en")
    page = asked(coordinator, DESK).text
    assert re.findall(r'<th scope="row">(\w+ \d{4})</th>', page)[:2] == ["December 2025", "January 2026"]
    assert page.count('class="none"') == 11
    assert 'value="2025-12"' in page and 'value="2026-11"' in page
    for by in ("reason", "month"):
        nothing = asked(coordinator, DESK, box="in", by=by).text
        assert "There is no row of five referrals or more" in nothing and "<table" not in nothing
    assert "<table" not in asked(coordinator, DESK, box="out").text


def test_the_receivers_page_says_received(coordinator: FlaskClient, network: Network) -> None:
    receiver = network.person("receiver", Role.COORDINATOR)
    page = asked(receiver, DESK, box="in", by="month").text
    assert 'data-label="Mottatt">15</td>' in page and 'data-label="Sendt"' not in page


def test_the_page_says_what_is_wrong_with_a_month(coordinator: FlaskClient) -> None:
    coordinator.set_cookie("veiviser-language", "en")
    for query, sentence in (
        ({"from": "januar"}, "Write a month as year and month, like 2026-01."),
        ({"from": "2026-11", "to": "2026-10"}, "The last month can&#39;t be before the first."),
        ({"from": "1990-01"}, "Choose months that are at most ten years apart."),
        ({"by": "<b>"}, "Choose from the list."),
    ):
        page = asked(coordinator, DESK, 422, **query).text
        assert f'">{sentence}' in page.replace("First month: ", "").replace("Last month: ", "").replace(
            "Rows for each: ", ""
        )
        assert "<b>" not in page and 'role="alert"' in page
