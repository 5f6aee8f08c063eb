"""Files that are missing, torn or changed: never a wrong answer, and a clear word about it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from directory.errors import IndexUnavailable
from directory.search import engine as engine_module
from directory.search import index, soundness
from directory.search.engine import Engine
from directory.search.storage.assembly import build_segment
from directory.search.storage.document import Document, Spot
from directory.search.storage.generation import FORMAT, read_generation
from tests.engine_oracle import ids, service


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "index"


@pytest.fixture
def built(path: Path) -> Path:
    index.rebuild(path, [service(n) for n in range(400)], position=1, fingerprint="a")
    index.apply(path, [service(500)], [str(UUID(int=3))], position=2)
    assert soundness.check(path) == []
    return path


def test_without_an_index_the_reason_is_told(path: Path) -> None:
    with pytest.raises(IndexUnavailable, match="no index yet"):
        Engine(path).snapshot()
    with pytest.raises(IndexUnavailable, match="no index yet"):
        index.apply(path, [service(1)], [], position=1)
    assert soundness.check(path) == ["There is no index yet."]


@pytest.mark.parametrize("damage", ["torn", "flipped", "empty", "of another format"])
def test_a_damaged_manifest_is_never_taken_for_a_good_one(built: Path, damage: str) -> None:
    manifest = built / "manifest.json"
    text = manifest.read_bytes()
    manifest.write_bytes(
        {
            "torn": text[:-40],
            "flipped": text.replace(b'"position": 2', b'"position": 3'),
            "empty": b"",
            "of another format": text.replace(b'"format": %d' % FORMAT, b'"format": 0'),
        }[damage]
    )
    with pytest.raises(IndexUnavailable, match=r"damaged|another version"):
        Engine(built).snapshot()
    with pytest.raises(IndexUnavailable, match=r"damaged|another version"):
        soundness.state(built)
    assert len(soundness.check(built)) == 1
    index.rebuild(built, [service(1)], position=3, fingerprint="a")
    assert ids(Engine(built).snapshot()) == {1}


def files_of(path: Path) -> list[Path]:
    return sorted(f for f in path.rglob("*") if f.is_file() and f.name not in ("lock", "manifest.json"))


def test_a_missing_or_short_file_makes_the_index_unavailable_and_the_check_names_it(built: Path) -> None:
    engine = Engine(built)
    good = ids(engine.snapshot())
    for file in files_of(built):
        content = file.read_bytes()
        for damage in ("missing", "short"):
            file.unlink()
            if damage == "short" and content:
                file.write_bytes(content[:-1])
            elif damage == "short":
                file.write_bytes(b"x")
            with pytest.raises(IndexUnavailable, match="damaged"):
                Engine(built).snapshot()
            assert any(file.name in problem for problem in soundness.check(built))
            if damage == "missing":
                file.touch()
        file.write_bytes(content)
    assert soundness.check(built) == []
    assert ids(engine.snapshot()) == good  # what was open stayed open


def test_a_flipped_byte_anywhere_is_found_by_the_check(built: Path) -> None:
    for file in files_of(built):
        content = file.read_bytes()
        for at in {0, len(content) // 2, len(content) - 1} if content else ():
            file.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
            assert soundness.check(built)
        file.write_bytes(content)
    assert soundness.check(built) == []


def test_a_reader_keeps_the_last_good_generation_and_says_what_is_wrong(built: Path) -> None:
    engine = Engine(built)
    good = ids(engine.snapshot())
    manifest = (built / "manifest.json").read_bytes()
    (built / "manifest.json").write_bytes(b"{")
    assert ids(engine.snapshot()) == good
    assert engine.problem == "The manifest of the index is damaged."
    (built / "manifest.json").unlink()
    assert ids(engine.snapshot()) == good
    assert engine.problem == "There is no index yet."
    (built / "manifest.json").write_bytes(manifest)
    assert ids(engine.snapshot()) == good
    assert engine.problem is None


def test_what_a_dead_writer_left_is_swept_away_by_the_next(built: Path) -> None:
    (built / "segment-0000").mkdir()
    (built / "segment-0000" / "arrays.bin").write_bytes(b"half")
    (built / "manifest.json.new").write_bytes(b"{")
    (built / "dead-9-ff").write_bytes(b"")
    index.apply(built, [service(501)], [], position=3)
    rest = {item.name for item in built.iterdir()}
    assert not rest & {"segment-0000", "manifest.json.new", "dead-9-ff"}
    assert 501 in ids(Engine(built).snapshot())


def names_of(path: Path) -> list[Path]:
    """The files of the newest generation that hold anything."""
    return [
        path / entry.name / name
        for entry in read_generation(path).segments
        for name, (size, _) in entry.files.items()
        if size
    ]


@pytest.fixture
def looking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "_LOOK_S", 0.0)  # at each search, as if that were rare


@pytest.mark.usefixtures("looking")
def test_a_file_that_is_written_to_while_it_is_open_is_never_searched(built: Path) -> None:
    engine = Engine(built)
    good = ids(engine.snapshot())
    for file in names_of(built):
        content = file.read_bytes()
        at = len(content) // 2
        file.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        for _ in range(2):
            with pytest.raises(IndexUnavailable, match=f"damaged.*{file.name}"):
                engine.snapshot()
        file.write_bytes(content)
        assert ids(engine.snapshot()) == good
        assert engine.problem is None


@pytest.mark.usefixtures("looking")
def test_a_file_that_is_only_touched_goes_on_being_searched(built: Path) -> None:
    engine = Engine(built)
    snapshot = engine.snapshot()
    for file in names_of(built):
        os.utime(file, ns=(1, 1))
    assert engine.snapshot() is snapshot
    assert engine.problem is None


@pytest.mark.usefixtures("looking")
def test_a_file_that_is_taken_away_while_it_is_open_is_told_and_its_content_still_searched(
    built: Path,
) -> None:
    engine = Engine(built)
    good = ids(engine.snapshot())
    file = names_of(built)[0]
    content = file.read_bytes()
    file.unlink()
    assert ids(engine.snapshot()) == good
    assert "missing" in str(engine.problem)
    file.write_bytes(content)
    assert ids(engine.snapshot()) == good
    assert engine.problem is None


def test_a_damaged_segment_is_not_merged_into_one_that_looks_well(path: Path) -> None:
    index.rebuild(path, [service(n) for n in range(5)], position=1, fingerprint="a")
    pieces = next(file for file in names_of(path) if file.name == "pieces.bin")
    pieces.write_bytes(b"9" * len(pieces.read_bytes()))
    with pytest.raises(IndexUnavailable, match="damaged"):
        index.apply(path, [service(6)], [], position=2)


def test_a_manifest_is_younger_than_the_one_before_though_the_clock_was_set_back(path: Path) -> None:
    index.rebuild(path, [service(1)], position=1, fingerprint="a")
    engine = Engine(path)
    assert ids(engine.snapshot()) == {1}
    ahead = 2**62  # some hundred years ahead of the clock
    os.utime(path / "manifest.json", ns=(ahead, ahead))
    assert ids(engine.snapshot()) == {1}
    for position in (2, 3, 4):
        before = os.stat(path / "manifest.json").st_mtime_ns
        index.apply(path, [service(position)], [], position=position)
        assert os.stat(path / "manifest.json").st_mtime_ns > before
        assert position in ids(engine.snapshot())


def without_keys(document: Document) -> Document:
    return replace(document, keys={})


def elsewhere(document: Document) -> Document:
    return replace(document, spots=(Spot(10.0, 10.0),))


def speechless(document: Document) -> Document:
    return replace(document, terms={"other": 1.0})


def confused(document: Document) -> Document:
    return replace(document, pieces={"static": b"of another"})


@pytest.mark.parametrize("wrong", [without_keys, elsewhere, speechless, confused])
@pytest.mark.parametrize("way", ["built", "followed"])
def test_what_does_not_answer_as_it_should_is_not_switched_to(
    path: Path, monkeypatch: pytest.MonkeyPatch, wrong: Callable[[Document], Document], way: str
) -> None:
    index.rebuild(path, [service(n) for n in range(30)], position=1, fingerprint="a")
    before = {item.name for item in path.iterdir()}

    def broken(folder: Path, documents: Iterable[Document]) -> int:
        return build_segment(folder, map(wrong, documents))

    monkeypatch.setattr(index, "build_segment", broken)
    with pytest.raises(IndexUnavailable, match="does not answer as it should"):
        if way == "built":
            index.rebuild(path, [service(n) for n in range(40)], position=2, fingerprint="a")
        else:
            index.apply(path, [service(50)], [], position=2)
    assert {item.name for item in path.iterdir()} <= before
    assert ids(Engine(path).snapshot()) == set(range(30))


def test_a_segment_that_lost_a_service_is_not_switched_to(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forgetful(folder: Path, documents: Iterable[Document]) -> int:
        return build_segment(folder, list(documents)[:-1])

    monkeypatch.setattr(index, "build_segment", forgetful)
    with pytest.raises(IndexUnavailable, match="counts 29 services of 30"):
        index.rebuild(path, [service(n) for n in range(30)], position=2, fingerprint="a")
