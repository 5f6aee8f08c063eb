"""The seed that ships: complete, true to its rules, and without what must not be told."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from directory.catalogue.reading import entries
from directory.catalogue.seeding import read, seed
from directory.config import SEED_DIR
from directory.database import Database, upgrade
from tests.factories import NOW, TODAY

SITES = json.loads((Path(__file__).parents[1] / "data" / "sites.json").read_text(encoding="utf-8"))
WITHHELD = [
    "oslo-krisesenter",
    "krisesenter-gjovik",
    "krisesenter-rana",
    "krisesenter-salten",
    "krisesenter-narvik",
    "krisesenter-vesteralen",
    "krisesenter-sunnmore",
    "krisesenter-nordmore",
    "krisesenter-bergen",
    "krisesenter-molde",
    "krisesenter-nord-trondelag",
    "krisesenter-kongsberg",
    "helsesenter-papirlose-oslo",
]


@pytest.fixture(scope="module")
def shipped():
    return {draft.slug: draft for draft in read(SEED_DIR).services}


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    url = f"sqlite:///{tmp_path_factory.mktemp('shipped') / 'directory.db'}"
    upgrade(url)
    database = Database(url)
    seed(database, SEED_DIR, now=NOW)
    with database.reading() as session:
        yield {one.slug: one for one in entries(session, today=TODAY)}
    database.close()


def test_every_row_is_in_the_catalogue_and_all_but_four_are_shown(shipped, shown):
    held = {
        "overgrepsmottak-vestfold",
        "overgrepsmottak-telemark",
        "overgrepsmottak-haugesund",
        "overgrepsmottak-ahus",
    }
    assert len(shipped) == 423 and set(shipped) - set(shown) == held


def test_nothing_comes_out_of_the_seed_as_verified(shown):
    assert {one.trust.state for one in shown.values()} == {"listed"}
    assert all(
        one.trust.verified_on is None and one.trust.by is None and one.trust.source for one in shown.values()
    )


def test_what_must_not_be_shown_as_confirmed_says_so(shown, shipped):
    doubtful = {slug for slug in shown if shipped[slug].verify_before_publish}
    assert len(doubtful) == 19
    assert {slug for slug, one in shown.items() if "not confirmed" in one.trust.source} == doubtful
    assert {slug for slug, one in shown.items() if one.status != "active"} <= doubtful


@pytest.mark.parametrize("slug", WITHHELD)
def test_a_withheld_address_is_nowhere(shown, shipped, slug):
    (place,) = shown[slug].locations
    assert place.address_withheld and (place.address_1, place.postal_code, place.precision) == (
        None,
        None,
        "town",
    )
    (stored,) = shipped[slug].locations
    assert (stored.address_1, stored.postal_code) == (None, None)


def test_no_other_address_is_withheld(shown):
    assert {slug for slug, one in shown.items() if any(p.address_withheld for p in one.locations)} == set(
        WITHHELD
    )


def test_no_row_carries_internal_notes(shipped):
    text = (SEED_DIR / "services.json").read_text(encoding="utf-8")
    assert '"note"' not in text
    told = " ".join(
        text for draft in shipped.values() for text in (*draft.descriptions.values(), *draft.alerts.values())
    )
    for word in (
        "own knowledge",
        "2024 list",
        "Offisiell liste",
        "withheld",
        "geocod",
        "verify",
        "not recorded",
    ):
        assert word not in told


def test_e_mail_addresses_are_organizations_not_persons(shipped):
    addresses = sorted({draft.email for draft in shipped.values() if draft.email})
    assert len(addresses) == 10
    assert not [
        address for address in addresses if re.match(r"[a-z]+\.[a-z]+@(gmail|hotmail|online)", address)
    ]


def test_sources_are_references_not_quotations(shipped):
    for draft in shipped.values():
        for source in draft.sources:
            assert len(source.reference) < 300 and not re.search(r"«[^»]{60,}»", source.reference)


@pytest.mark.parametrize("site", SITES, ids=lambda site: f"{site['number']} {site['named']}")
def test_every_named_site_is_there_or_knowingly_a_reference_only(shown_slugs, site):
    assert ("slugs" in site) != ("reference_only" in site)
    assert set(site.get("slugs", ())) <= shown_slugs and site.get("slugs") != []


@pytest.fixture(scope="module")
def shown_slugs(shipped) -> set[str]:
    return {slug for slug, draft in shipped.items() if draft.published}


def test_the_list_of_sites_is_whole():
    assert [site["number"] for site in SITES] == list(range(1, 114))


def test_an_a_and_e_clinic_serves_the_municipalities_it_names(shown):
    areas = {area.code for area in shown["legevakt-indre-salten"].areas}
    assert areas == {"1840", "1841", "1845"}
    assert {area.code for area in shown["legevakt-moss"].areas} == {
        "3103",
        "3112",
        "3114",
        "3216",
    }  # Våler in Østfold
    assert {area.code for area in shown["legevakt-elverum"].areas} == {
        "3418",
        "3419",
        "3420",
        "3422",
    }  # Våler, Innlandet
    assert {area.code for area in shown["legevakt-roros"].areas} == {
        "5025",
        "5026",
        "3430",
    }  # Os in Innlandet
    assert all(one.areas for slug, one in shown.items() if slug.startswith("legevakt-"))


def test_reach_and_area_agree(shown):
    for one in shown.values():
        extents = {area.extent for area in one.areas}
        if one.reach == "national":
            assert extents == {"national"} and one.country in {area.code for area in one.areas}
        elif one.country == "NO":
            assert extents <= {"county", "municipality"} and extents, one.slug


@pytest.mark.parametrize(
    ("slug", "ages"),
    [
        ("hfu-oslo", (12, 24)),
        ("kors-pa-halsen", (None, 17)),
        ("skeiv-ungdom", (None, 29)),
        ("overgrepsmottak-oslo", (14, None)),
        ("sexogsamfunn", (None, None)),  # "the limit has varied"
        ("sjekkpunkt-oslo", (None, None)),
    ],
)
def test_ages_are_those_of_the_source_or_unknown(shown, slug, ages):
    assert (shown[slug].minimum_age, shown[slug].maximum_age) == ages


def test_an_offer_to_all_is_for_all(shown):
    assert shown["sjekkpunkt-oslo"].audiences is None and shown["jurk"].genders == ("female",)


def test_points_are_as_exact_as_the_source_and_no_more(shown):
    found = {place.precision for one in shown.values() for place in one.locations}
    assert found == {"address", "postcode", "town", None}
    for one in shown.values():
        for place in one.locations:
            assert (place.latitude is None) == (place.precision is None)
            if place.country == "NO" and place.latitude is not None:
                assert 57.9 < place.latitude < 71.3 and 4.4 < place.longitude < 31.2


def test_texts_stand_under_the_language_they_are_in(shown):
    assert set(shown["na-russian"].names) == {"ru", "en"}
    assert set(shown["dansk-behandlingscenter"].descriptions) == {"da", "en"}
    assert set(shown["nok-sogn-fjordane"].descriptions) == {"nn", "en"}


def test_an_interpreter_is_told_of_where_the_source_tells_of_one(shown):
    having = {
        slug
        for slug, one in shown.items()
        if any(language.mode == "interpreter" for language in one.languages)
    }
    assert having == {"krisesenter-tromso", "parorendesenteret", "testpoint-stockholm"}


def test_seeding_what_ships_twice_changes_nothing(database):
    seed(database, SEED_DIR, now=NOW)
    report = seed(database, SEED_DIR, now=NOW)
    assert (report.changed, report.removed, report.services) == (0, 0, 423)
