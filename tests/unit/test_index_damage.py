"""Files that are missing, torn or changed: never a wrong answer, and a clear word about it."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from directory.errors import IndexUnavailable
from directory.search import index
from directory.search.engine import Engine
from directory.search.generation import FORMAT
from tests.engine_oracle import ids, service


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "index"


@pytest.fixture
def built(path: Path) -> Path:
    index.rebuild(path, [service(n) for n in range(400)], position=1, fingerprint="a")
    index.apply(path, [service(500)], [str(UUID(int=3))], position=2)
    assert index.check(path) == []
    return path


def test_without_an_index_the_reason_is_told(path: Path) -> None:
    with pytest.raises(IndexUnavailable, match="no index yet"):
        Engine(path).snapshot()
    with pytest.raises(IndexUnavailable, match="no index yet"):
        index.apply(path, [service(1)], [], position=1)
    assert index.check(path) == ["There is no index yet."]


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
        index.state(built)
    assert len(index.check(built)) == 1
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
            assert any(file.name in problem for problem in index.check(built))
            if damage == "missing":
                file.touch()
        file.write_bytes(content)
    assert index.check(built) == []
    assert ids(engine.snapshot()) == good  # what was open stayed open


def test_a_flipped_byte_anywhere_is_found_by_the_check(built: Path) -> None:
    for file in files_of(built):
        content = file.read_bytes()
        for at in {0, len(content) // 2, len(content) - 1} if content else ():
            file.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
            assert index.check(built)
        file.write_bytes(content)
    assert index.check(built) == []


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
