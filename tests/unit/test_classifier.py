"""What lines ask for whose words stand in no list: learnt, from lines that ask for something."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from directory.config import SEED_DIR
from directory.needs import Needs
from directory.search.matching.classifying import code_points, features
from directory.search.understand import Understanding
from directory.search.understand.classifier import NOTHING, Classifier, idea, lines_digest
from directory.search.understand.lexicon import Lexicon
from directory.search.understand.telling import FOR_WORK, NeedFound, beside_the_likely
from directory.search.wordbook import Wordbook
from tests.bench import lines as bench

ROWS = 1 << 8


def hashed(*words: str) -> list[int]:
    room = np.empty(500, np.uint32)
    return room[: features(code_points(f" {' '.join(words)} "), room)].tolist()


def taught(**words: str) -> Classifier:
    """A class for each name, which its word speaks for."""
    names = [*words, NOTHING]
    letters = np.zeros((ROWS, len(names)), np.int8)
    for column, word in enumerate(words.values()):
        letters[[made % ROWS for made in hashed(word)], column] = 100
    weights = np.array([[0.0, 9.0, 0.0], [9.0, 0.0, 0.0]])
    return Classifier(names, ["second", idea("first")], letters, np.full(3, 0.05), weights, np.zeros(3))


@pytest.mark.parametrize(
    ("line", "need"),
    [
        ("han teller pengene mine og roper når jeg har handlet feil", "violence"),
        ("не сплю третью неделю, всё время тревожно", "mental-health"),
        ("boję się że mnie zaraził ten facet z soboty", "sti-testing"),
        ("ابني صار يرجع بالليل مدوخ وعيونه حمر", "relatives-support"),
        ("hon har inte gått ur sängen på tre veckor och gråter jämt", "mental-health"),
    ],
)
def test_a_line_is_understood_by_lines_like_it(understand: Understanding, line: str, need: str) -> None:
    assert need in [found.slug for found in understand(line).needs][:3]


@pytest.mark.parametrize("line", ["qwrt zxcvb", "ааааааааа", "lol", "bussen til flyplassen", "123 456"])
def test_what_asks_for_nothing_of_ours_is_no_need(understand: Understanding, line: str) -> None:
    assert understand(line).needs == ()


def test_lines_that_nobody_had_seen_are_understood_better_than_by_rules_alone(words: Wordbook) -> None:
    # Of the lines held out, only their mean is told.
    def right(lexicon: Lexicon) -> float:
        found = bench.measure(Understanding(words.needs, words.places, lexicon=lexicon))
        return float(found[bench.NAMES[bench.HELD_OUT]]["all"]["first"])

    assert right(words.lexicon) >= 0.8
    assert right(words.lexicon) >= right(Lexicon(words.needs)) + 0.1


def test_it_was_learnt_from_the_lines_that_stand() -> None:
    told = "python seed/make_classifier.py makes it anew"
    assert Classifier.load(SEED_DIR).learnt_from == lines_digest(SEED_DIR), told


def test_each_line_that_it_is_learnt_from_asks_for_needs_that_there_are() -> None:
    needs = Needs.load(SEED_DIR)
    for path in SEED_DIR.glob("lines/*.tsv"):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            asked, text = line.split("\t")
            slugs = asked.replace("+", ",").split(",")
            assert text.strip() == text != "", f"{path.name}:{number}"
            assert all(slug in needs or slug == NOTHING for slug in slugs), f"{path.name}:{number}"


def test_no_line_that_it_is_measured_by_is_one_that_it_is_learnt_from() -> None:
    learnt = {
        line.split("\t")[1].casefold()
        for path in SEED_DIR.glob("lines/*.tsv")
        for line in path.read_text("utf-8").splitlines()
    }
    measured = [line for path in (bench.IN_SIGHT, bench.HELD_OUT) for line in bench.load(path)]
    copied = [line for line in measured if line.text.casefold() in learnt]
    assert len(copied) <= 0.01 * len(measured), "a word or two may be typed by anybody"


def test_its_probabilities_are_one_together() -> None:
    found = taught(first="kniv", second="gaffel")(["en", "kniv"], {}, ())
    assert sum(found.values()) == pytest.approx(1.0)
    assert max(found, key=found.__getitem__) == "first"


def test_a_misspelt_word_is_near_the_word_that_it_learnt() -> None:
    classifier = taught(first="nalokson", second="gaffel")
    assert classifier(["nalokxon"], {}, ())["first"] > classifier(["tallerken"], {}, ())["first"]


def test_what_rules_found_is_heard_beside_the_letters() -> None:
    classifier = taught(first="kniv", second="gaffel")
    assert classifier(["skje"], {"second": 1.0}, ())["second"] > 0.9
    assert classifier(["skje"], {}, ["first"])["first"] > 0.9
    assert classifier(["skje"], {"unheard-of": 1.0}, ["unheard-of"]) == classifier(["skje"], {}, ())


def test_features_are_words_their_letters_and_words_that_follow_each_other() -> None:
    one, other, both = hashed("ab"), hashed("cd"), hashed("ab", "cd")
    assert len(one) == 4, (
        "ab: the word, and its letters with where it begins, with where it ends, and with both"
    )
    assert set(one) | set(other) < set(both)
    assert len(both) == len(one) + len(other) + 1
    assert set(hashed("cd", "ab")) ^ set(both), "the order tells"


def test_a_line_too_long_for_its_room_is_heard_as_far_as_there_is_any() -> None:
    room = np.zeros(10, np.uint32)
    assert features(code_points(" " + "ord " * 1000), room) == 10


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 torn"])
def test_a_broken_file_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "classifier.npz").write_bytes(content)
    with pytest.raises((OSError, ValueError)):
        Classifier.load(tmp_path)


def told(found: list[NeedFound], **likely: float) -> dict[str, NeedFound]:
    named = {name.replace("_", "-"): p for name, p in likely.items()}
    rest = 1.0 - sum(named.values())
    return {n.slug: n for n in beside_the_likely(found, {FOR_WORK: 0.0, "rest": rest, **named}, "the line")}


def test_a_need_that_no_rule_told_is_learnt_and_says_from_which_words() -> None:
    found = told([], detox=0.9)
    assert found["detox"].learnt
    assert found["detox"].matched == "the line"


def test_what_a_rule_told_stays_and_what_is_unlikely_counts_less() -> None:
    found = told([NeedFound("pep", 1.0, "pep"), NeedFound("prep", 1.0, "prep")], pep=0.9, prep=0.001)
    assert found["pep"].weight == pytest.approx(1.0)
    assert 0.7 < found["prep"].weight < 1.0
    assert not found["prep"].learnt


def test_nothing_is_learnt_where_nothing_is_likely_or_a_line_asks_for_nothing() -> None:
    guessed, sure = NeedFound("pep", 0.3, "pep"), NeedFound("pep", 0.9, "pep")
    unclear = {FOR_WORK: 0.1, "detox": 0.1, "prep": 0.1, NOTHING: 0.1}
    assert beside_the_likely([guessed], unclear, "") == (guessed,)
    nothing = {FOR_WORK: 0.0, "detox": 0.4, NOTHING: 0.6}
    assert beside_the_likely([guessed], nothing, "") == ()
    assert beside_the_likely([sure], nothing, "") == (sure,)


def test_who_works_with_people_asks_for_them() -> None:
    found = told([], professional_support=0.6, detox=0.3)
    assert next(iter(found)) == "detox"
