"""One place from what a person writes when asked for a place."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from directory.places import Places, same_place
from directory.search.wordbook import Wordbook

TYNSET, STAVANGER, COPENHAGEN = (62.28, 10.78), (58.97, 5.73), (55.68, 12.57)


@pytest.fixture(scope="module")
def places(words: Wordbook) -> Places:
    return words.places


def test_a_town_is_found_by_its_name_in_any_case(places):
    for text in ("Oslo", "oslo", "OSLO", " oslo "):
        found = places.find(text)
        assert (found.place.name, found.place.kind, found.matched) == ("Oslo", "town", "exact")
        assert not found.ambiguous


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("tromso", "Tromsø"),
        ("Tromsö", "Tromsø"),
        ("Tromsoe", "Tromsø"),
        ("Aalesund", "Ålesund"),
        ("alesund", "Ålesund"),
        ("trondhjem", "Trondheim"),
        ("Christiania", "Oslo"),
        ("Kristiania", "Oslo"),
        ("Romsa", "Tromsø"),
        ("Guovdageaidnu", "Kautokeino"),
        ("Осло", "Oslo"),
        ("Берген", "Bergen"),
        ("أوسلو", "Oslo"),
        ("اوسلو", "Oslo"),
        ("Köpenhamn", "København"),
        ("Göteborg", "Göteborg"),
        ("Gothenburg", "Göteborg"),
        ("Норвегия", "Norge"),
        ("St. Hanshaugen", "St.Hanshaugen"),
    ],
)
def test_a_name_is_found_however_its_letters_are_written(places, written, meant):
    assert places.find(written).place.name == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [("begren", "Bergen"), ("Sandens", "Sandnes"), ("Fredrikstd", "Fredrikstad"), ("mo i rna", "Mo i Rana"),
     ("lille hammer", "Lillehammer"), ("møre og romsdl", "Møre og Romsdal")],
)  # fmt: skip
def test_a_typo_in_a_name_is_forgiven_and_told(places, written, meant):
    found = places.find(written)
    assert (found.place.name, found.matched) == (meant, "typo")


@pytest.mark.parametrize(
    "text", ["", "   ", "xyzzy", "!!!", ",,,,", "91,0", "0,181", "0000", "1 2", "i", "a" * 5000]
)
def test_what_is_no_place_is_none(places, text):
    assert places.find(text) is None


def test_the_names_nearest_to_a_wrong_one_are_offered(places):
    assert places.nearest_names("begen")[0] == "Bergen"
    assert places.nearest_names("oslp")[0] == "Oslo"
    assert len(places.nearest_names("sandns", n=2)) == 2
    assert places.nearest_names("") == []


def test_a_postcode_is_a_place_of_its_own(places):
    place = places.find("9019").place
    assert (place.name, place.kind, place.municipality, place.country) == (
        "9019 Tromsø",
        "postcode",
        "Tromsø",
        "NO",
    )


def test_a_postcode_that_is_no_longer_in_use_still_says_where_it_was(places):
    assert places.find("6000").place.name == "6000 Ålesund"


def test_a_danish_postcode_is_told_by_its_prefix_its_town_or_where_one_stands(places):
    assert places.find("1051").place.country == "NO"
    assert [p.country for p in places.find("1051").alternatives] == ["DK"]
    assert places.find("DK-1051").place.country == "DK"
    assert places.find("NO-1051").place.country == "NO"
    assert places.find("2100 København").place.name == "2100 København Ø"
    assert places.find("1051", near=COPENHAGEN).place.country == "DK"
    assert places.find("1050").place.country == "DK"  # no such one in Norway


def test_an_address_is_found_by_its_postcode_or_its_town(places):
    assert places.find("Storgata 40, 0182 Oslo").place.name == "0182 Oslo"
    assert places.find("Storgata 40 0182 Oslo").place.name == "0182 Oslo"
    assert places.find("Bergen 5003").place.name == "5003 Bergen"
    assert places.find("Storgata 40, Oslo").place.name == "Oslo"


def test_coordinates_are_a_point_with_the_municipality_it_lies_in(places):
    place = places.find("69.65, 18.95").place
    assert (place.kind, place.point, place.municipality_no, place.country) == (
        "point",
        (69.65, 18.95),
        "5501",
        "NO",
    )
    assert places.find("0,0").place.country == "ZZ"


def test_the_word_after_a_name_says_what_is_meant(places):
    assert places.find("Tromsø kommune").place.kind == "municipality"
    assert places.find("Nordland fylke").place.kind == "county"
    assert places.find("Bergen sentrum").place.kind == "town"
    assert places.find("Grünerløkka").place.kind == "district"


def test_an_ambiguous_name_is_the_bigger_place_and_the_others_are_reported(places):
    for name, meant, other in [
        ("Os", "Bjørnafjorden", "Os"),
        ("Bø", "Midt-Telemark", "Bø"),
        ("Mo", "Rana", "Modalen"),
        ("Nes", "Nes", "Ringerike"),
    ]:
        found = places.find(name)
        assert found.place.municipality == meant
        assert found.ambiguous
        assert other in [p.municipality for p in found.alternatives]


def test_nearness_decides_between_places_of_one_name(places):
    assert places.find("Os", near=TYNSET).place.name == "Os i Østerdalen"
    assert places.find("Lund", near=STAVANGER).place.country == "NO"
    assert places.municipality("Herøy").county == "Møre og Romsdal"
    assert places.municipality("Herøy", near=(66.0, 12.3)).county == "Nordland"


def test_a_place_is_picked_by_what_it_lies_in(places):
    assert places.find("Sande, Vestfold").place.county == "Vestfold"
    assert places.find("Våler (Østfold)").place.county == "Østfold"
    assert places.find("Herøy i Nordland").place.county == "Nordland"
    assert places.find("Lund, Sverige").place.country == "SE"


def test_a_town_and_its_municipality_and_county_are_one_place_to_a_person(places):
    kinds = {p.kind for p in places.named("Oslo") if p.country == "NO"}
    assert {"town", "municipality", "county"} <= kinds
    assert not places.find("Oslo").ambiguous
    assert same_place(*[p for p in places.named("Oslo") if p.kind in ("county", "town")][:2])


def test_a_norwegian_place_comes_before_its_namesakes_unless_they_are_far_bigger(places):
    assert places.find("Viken").place.country == "NO"
    assert places.find("Stockholm").place.country == "SE"
    assert places.find("Lund").place.country == "SE"


@pytest.mark.parametrize(
    ("former", "now"),
    [("Vågsøy", "Kinn"), ("Askim", "Indre Østfold"), ("Skedsmo", "Lillestrøm"), ("Mandal", "Lindesnes"),
     ("Radøy", "Alver"), ("Nøtterøy", "Færder"), ("Førde", "Sunnfjord"), ("Haram", "Haram")],
)  # fmt: skip
def test_a_former_municipality_lies_in_the_one_of_today(places, former, now):
    assert places.find(former).place.municipality == now
    assert places.municipality(former).name == now


def test_a_former_county_and_a_region_are_areas_where_their_people_live(places):
    hordaland = places.find("Hordaland").place
    assert (hordaland.kind, hordaland.precision, hordaland.county) == ("region", "county", "Vestland")
    assert places.find("Sogn og Fjordane").place.lat > hordaland.lat
    assert places.find("Troms og Finnmark").place.lat > places.find("Nordland").place.lat
    assert places.find("Lofoten").place.county == "Nordland"
    assert places.county("Hordaland") is None  # there is no such county today


def test_a_municipality_is_found_by_its_number_of_today_and_of_2020(places):
    assert places.municipality("5501").name == places.municipality("5401").name == "Tromsø"
    assert places.municipality("9999") is None
    assert places.county("troms").kind == "county"


def test_all_municipalities_of_2024_are_there_with_a_point_in_norway(places):
    all_of_them = places.municipalities()
    assert len(all_of_them) == 357 + 2  # and Svalbard and Jan Mayen
    assert len({p.municipality_no for p in all_of_them}) == len(all_of_them)
    mainland = [p for p in all_of_them if p.municipality_no not in ("2100", "2211")]
    assert all(57.9 < p.lat < 71.3 and 4.4 < p.lon < 31.2 for p in mainland)
    assert len(places.counties()) == 15 + 2


def test_a_wrong_longitude_in_the_source_is_put_right(places):
    for code in ("9523", "9527", "9528"):
        assert 22 < places.find(code).place.lon < 25


def test_names_come_as_one_types_the_best_known_first(places):
    assert [p.name for p in places.complete("tro", 3)] == ["Trondheim", "Trøndelag", "Troms og Finnmark"]
    assert places.complete("берг", 1)[0].name == "Bergen"
    assert places.complete("أوس", 1)[0].name == "Oslo"
    assert [p.name for p in places.complete("901", 2)] == ["9010 Tromsø", "9011 Tromsø"]
    assert places.complete("", 5) == places.complete("zzzz", 5) == places.complete("oslo", 0) == []
    names = [p.name for p in places.complete("o", 10)]
    assert len(set(names)) == len(names) == 10


@settings(max_examples=150, deadline=None)
@given(text=st.text(max_size=60))
def test_any_text_is_either_a_place_or_none(places, text):
    found = places.find(text)
    assert found is None or -90 <= found.place.lat <= 90
    places.nearest_names(text)
    places.complete(text, 3)
