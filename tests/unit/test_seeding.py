"""Making the catalogue equal to a seed: all or nothing, again and again, and without undoing what people did."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import func, select

from directory.catalogue import models as m
from directory.catalogue.editing import edit_service, save_organizations
from directory.catalogue.geocoding import Geocoder
from directory.catalogue.reading import changes_since, entries, entry
from directory.catalogue.seeding import is_seeded, seed
from directory.config import SEED_DIR
from directory.errors import SeedError
from tests.factories import NEEDS, NOW, TODAY, location, organization_draft, saved, service_draft

LATER = NOW + timedelta(days=1)


def _row(slug: str, /, **said) -> dict:
    return json.loads(service_draft(slug).model_dump_json(exclude_none=True)) | said


@pytest.fixture
def folder(tmp_path) -> Path:
    """A seed of three services."""
    folder = tmp_path / "seed"
    folder.mkdir()
    for name in ("gazetteer_no_municipalities.csv", "places_corrections.csv"):
        shutil.copy(SEED_DIR / name, folder)
    _write(folder, "needs.json", {"terms": [{"slug": need} for need in sorted(NEEDS)]})
    _write(folder, "organizations.json", [{"slug": "the-clinic", "names": {"nb": "Klinikken"}}])
    _write(folder, "services.json", [_row("one"), _row("two"), _row("three")])
    return folder


def _write(folder: Path, name: str, said: object) -> None:
    (folder / name).write_text(json.dumps(said, ensure_ascii=False), encoding="utf-8")


def _slugs(database) -> list[str]:
    with database.reading() as session:
        return sorted(one.slug for one in entries(session, today=TODAY))


def _log(database) -> list[str]:
    with database.reading() as session:
        return [change for _, _, change in changes_since(session, 0)]


def test_a_seed_becomes_the_catalogue(database, folder):
    report = seed(database, folder, now=NOW)
    assert (report.organizations, report.services, report.locations) == (1, 3, 3)
    assert (report.changed, report.removed, report.unchanged) == (3, 0, 0)
    assert _slugs(database) == ["one", "three", "two"]


def test_seeding_again_changes_nothing(database, folder):
    seed(database, folder, now=NOW)
    report = seed(database, folder, now=LATER)
    assert (report.services, report.changed, report.unchanged) == (3, 0, 3)
    assert _log(database) == ["saved"] * 3
    with database.reading() as session:
        assert entry(session, "one", today=TODAY).updated_at == NOW


def test_an_unchanged_seed_is_not_read_again(database, folder, monkeypatch):
    seed(database, folder, now=NOW)
    monkeypatch.setattr("directory.catalogue.seeding.read", lambda _: pytest.fail("it was read"))
    assert seed(database, folder, now=LATER).unchanged == 3


def test_only_what_changed_is_changed(database, folder):
    seed(database, folder, now=NOW)
    _write(folder, "services.json", [_row("one"), _row("two", email="two@example.org"), _row("three")])
    report = seed(database, folder, now=LATER)
    assert (report.changed, report.unchanged) == (1, 2)
    with database.reading() as session:
        assert [entry(session, slug, today=TODAY).version for slug in ("one", "two", "three")] == [1, 2, 1]


def test_what_the_seed_no_longer_names_is_removed_with_its_organization(database, folder):
    more = [{"slug": "the-clinic", "names": {"nb": "K"}}, {"slug": "other", "names": {"nb": "O"}}]
    _write(folder, "organizations.json", more)
    _write(folder, "services.json", [_row("one"), _row("two", organization="other")])
    seed(database, folder, now=NOW)
    _write(folder, "organizations.json", more[:1])
    _write(folder, "services.json", [_row("one")])
    report = seed(database, folder, now=LATER)
    assert (report.organizations, report.services, report.removed) == (1, 1, 1)
    assert _slugs(database) == ["one"] and _log(database) == ["saved", "saved", "removed"]


def test_what_others_made_is_never_removed_or_overwritten(database, folder):
    with database.unit_of_work() as session:
        saved(
            session,
            service_draft("ours", organization="our-own"),
            service_draft("two", names={"nb": "Our two"}),
        )
        session.commit()
    report = seed(database, folder, now=LATER)
    assert (report.services, report.changed, report.removed, report.kept) == (4, 2, 0, 1)
    with database.reading() as session:
        assert entry(session, "two", today=TODAY).names == {"nb": "Our two"}


def test_what_was_edited_here_stays_as_it_was_edited(database, folder):
    seed(database, folder, now=NOW)
    edit_service(database, service_draft("one", names={"nb": "Edited"}), needs=NEEDS, now=NOW)
    _write(folder, "services.json", [_row("one", email="new@example.org")])
    report = seed(database, folder, now=LATER)
    assert (report.changed, report.removed, report.kept) == (0, 2, 1)
    _write(folder, "services.json", [_row("two")])
    seed(database, folder, now=LATER)
    assert _slugs(database) == ["one", "two"]
    with database.reading() as session:
        assert entry(session, "one", today=TODAY).names == {"nb": "Edited"}


def test_a_new_name_of_an_organization_does_not_count_as_an_edit_of_its_services(database, folder):
    seed(database, folder, now=NOW)
    with database.unit_of_work() as session:
        save_organizations(session, [organization_draft(names={"nb": "Renamed here"})], now=NOW)
        session.commit()
    _write(folder, "services.json", [_row("one", email="new@example.org")])
    report = seed(database, folder, now=LATER)
    assert (report.changed, report.removed, report.kept) == (1, 2, 0)
    with database.reading() as session:
        assert entry(session, "one", today=TODAY).organization.name == "Renamed here"


def test_progress_is_told(database, folder):
    told: list[tuple[int, int]] = []
    seed(database, folder, now=NOW, progress=lambda done, of: told.append((done, of)))
    assert told[-1] == (3, 3) and told == sorted(told)


def test_it_is_known_whether_there_is_anything_to_do(database, folder):
    assert not is_seeded(database, folder)
    seed(database, folder, now=NOW)
    assert is_seeded(database, folder)
    _write(folder, "services.json", [_row("one")])
    assert not is_seeded(database, folder)


def test_with_a_geocoder_addresses_get_their_points_and_withheld_ones_are_not_asked(database, folder):
    asked: list[str] = []

    class Oracle:
        def geocode(self, query, **_):
            asked.append(query["street"])
            raw = {"address": {"house_number": "1"}}
            return SimpleNamespace(latitude=59.9, longitude=10.7, raw=raw)

    geocoder = Geocoder(database, Oracle(), minimum_delay=0)
    hidden = [location() | {"address_1": "Secret 1", "address_visibility": "hidden", "precision": "town"}]
    _write(folder, "services.json", [_row("one"), _row("two", locations=hidden)])
    told: list[tuple[int, int]] = []
    seed(database, folder, now=NOW, geocoder=geocoder, progress=lambda done, of: told.append((done, of)))
    assert asked == ["Storgata 1"] and told == sorted(told) and told[-1] == (4, 4)
    with database.reading() as session:
        assert entry(session, "one", today=TODAY).locations[0].precision == "address"
        assert entry(session, "two", today=TODAY).locations[0].precision == "town"
    assert not is_seeded(database, folder) and is_seeded(database, folder, geocoder=geocoder)
    assert (seed(database, folder, now=LATER).changed, asked) == (0, ["Storgata 1"])


BAD_ROWS = [
    (_row("two", needs=["hiv-test"]), "row 2 (two)", "needs.0", "hiv-testing"),
    (
        _row("two", schedule={"opening_hours": "often"}),
        "row 2 (two)",
        "schedule.opening_hours",
        "OpenStreetMap",
    ),
    (_row("one"), "row 2 (one)", "slug", "row 1 (one)"),
    ({k: v for k, v in _row("two").items() if k != "names"}, "row 2 (two)", "names", "required"),
    (_row("two", names={}), "row 2 (two)", "names", "at least one"),
    (_row("two", free="true"), "row 2 (two)", "free", "boolean"),
    (_row("two", organization="nobody"), "row 2 (two)", "organization", "nobody"),
    (_row("two", sources=[]), "row 2 (two)", "sources", "no source"),
    (_row("two", status="lively"), "row 2 (two)", "status", "active"),
    (_row("two", slug=5), "row 2", "slug", "string"),
    ("two", "row 2", "(the whole)", "object"),
    (_row("two", note="internal"), "row 2 (two)", "note", "not permitted"),
    (_row("two", locations=[{"slug": "a", "latitude": 95.0}]), "row 2 (two)", "locations.0.latitude", "90"),
    (
        _row("two", locations=[{"slug": "a", "municipality": "Oslo", "municipality_no": "0302"}]),
        "row 2 (two)",
        "locations.0.municipality_no",
        "0302",
    ),
    (
        _row("two", areas=[{"extent": "municipality", "code": "4601", "name": "Oslo"}]),
        "row 2 (two)",
        "areas.0",
        "4601",
    ),
    (
        _row("two", areas=[{"extent": "county", "code": "Viken", "name": "V"}]),
        "row 2 (two)",
        "areas.0.code",
        "Viken",
    ),
    (
        _row("two", sources=[{"reference": "x", "by": "Kari", "checked_on": "2026-01-01"}]),
        "row 2 (two)",
        "sources.0.by",
        "no check of ours",
    ),
]


@pytest.mark.parametrize(("bad", "row", "where", "message"), BAD_ROWS, ids=lambda value: str(value)[:30])
def test_a_bad_row_is_named_by_file_row_and_field_and_nothing_is_written(
    database, folder, bad, row, where, message
):
    _write(folder, "services.json", [_row("one"), bad, _row("three")])
    with pytest.raises(SeedError) as caught:
        seed(database, folder, now=NOW)
    ((file, at, field, said),) = caught.value.problems
    assert (file, at, field) == ("services.json", row, where) and message in said
    assert f"services.json: {row}: {where}: " in str(caught.value)
    with database.reading() as session:
        for table in (m.Organization, m.Service, m.ChangeLog, m.SeedState):
            assert session.execute(select(func.count()).select_from(table.__table__)).scalar_one() == 0


def test_all_problems_of_all_files_are_told_at_once(database, folder):
    _write(
        folder,
        "organizations.json",
        [{"slug": "the-clinic", "names": {}}, {"slug": "x", "names": {"nb": "X"}, "y": 1}],
    )
    _write(
        folder,
        "services.json",
        [_row("one", organization="x", kind="?"), _row("two", organization="x", needs=["?"])],
    )
    with pytest.raises(SeedError) as caught:
        seed(database, folder, now=NOW)
    assert [(file, field) for file, _, field, _ in caught.value.problems] == [
        ("organizations.json", "names"),
        ("organizations.json", "y"),
        ("services.json", "kind"),
        ("services.json", "organization"),
        ("services.json", "needs.0"),
    ]


@pytest.mark.parametrize("name", ["services.json", "organizations.json", "needs.json"])
def test_a_file_that_is_not_json_is_named_with_its_line(database, folder, name):
    (folder / name).write_text('[\n{"slug": \n', encoding="utf-8")
    with pytest.raises(SeedError) as caught:
        seed(database, folder, now=NOW)
    assert (name, "line 3") in [(file, row) for file, row, _, _ in caught.value.problems]


@pytest.mark.parametrize("name", ["services.json", "needs.json", "gazetteer_no_municipalities.csv"])
def test_a_file_that_is_not_there_is_named(database, folder, name):
    (folder / name).unlink()
    with pytest.raises(SeedError) as caught:
        seed(database, folder, now=NOW)
    assert caught.value.problems[0][0] == name


def test_a_seed_that_is_no_list_is_refused(database, folder):
    _write(folder, "services.json", {"one": _row("one")})
    with pytest.raises(SeedError, match="list of rows"):
        seed(database, folder, now=NOW)


def test_a_bad_seed_leaves_the_last_good_one(database, folder):
    seed(database, folder, now=NOW)
    _write(folder, "services.json", [_row("one", kind="?")])
    with pytest.raises(SeedError):
        seed(database, folder, now=LATER)
    assert _slugs(database) == ["one", "three", "two"]
