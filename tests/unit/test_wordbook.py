from __future__ import annotations

import ast
import resource
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import directory
from directory.config import SEED_DIR
from directory.search import wordbook
from directory.search.understand import Understanding, provenance
from directory.search.wordbook import Wordbook, kept

LINES = (
    "hivtest oslo i kveld",
    "nalokson begren",
    "overgrepsmotak tromsö",
    "легевакт осло",
    "gde sdat test na vich",
    "min sønn ruser seg og vil ikke leve",
    "PEP og noen å snakke med",
    "7abub bergen",
    "tidsbestilling abortsamtale hammrefest",
    "أريد فحص في أوسلو",
)


@pytest.fixture(scope="module")
def made() -> Wordbook:
    return Wordbook.make()


@pytest.fixture
def makings(made: Wordbook, monkeypatch: pytest.MonkeyPatch) -> list[Wordbook]:
    """One for each time that it was made instead of read."""
    makings: list[Wordbook] = []

    def make() -> Wordbook:
        makings.append(made)
        return made

    monkeypatch.setattr(Wordbook, "make", make)
    return makings


def understood(words: Wordbook) -> list[object]:
    understand = Understanding(words.needs, words.places, lexicon=words.lexicon)
    return [understand(line) for line in LINES]


def test_what_was_kept_says_the_same_as_what_is_made(
    made: Wordbook, makings: list[Wordbook], tmp_path: Path
) -> None:
    kept((tmp_path,))
    read = kept((tmp_path,))
    assert len(makings) == 1 and read is not made
    assert understood(read) == understood(made)
    assert read.needs == made.needs
    for name in ("Tromsö", "9019", "Sande, Vestfold", "гарстад", "kirkenez"):
        assert read.places.find(name) == made.places.find(name)
        assert read.places.complete(name[:3], 9) == made.places.complete(name[:3], 9)
    assert read.places.at(59.91, 10.75) == made.places.at(59.91, 10.75)
    assert read.lexicon.completions.beginning("hi") == made.lexicon.completions.beginning("hi")


def test_the_words_of_a_process_are_made_or_read_once() -> None:
    assert wordbook.wordbook() is wordbook.wordbook()


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-7], lambda data: b"", lambda data: data[:99] + b"x" + data[100:]]
)
def test_what_is_torn_is_made_anew_and_whole_again(
    damage: Callable[[bytes], bytes], makings: list[Wordbook], tmp_path: Path
) -> None:
    kept((tmp_path,))
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    kept((tmp_path,))
    assert len(makings) == 2
    assert file.read_bytes()[:32] == whole[:32]
    kept((tmp_path,))
    assert len(makings) == 2


def test_where_nothing_can_be_kept_the_next_folder_has_it(makings: list[Wordbook], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    impossible, possible = tmp_path / "file" / "folder", tmp_path / "new" / "folder"
    kept((impossible, possible))
    kept((impossible, possible))
    assert len(makings) == 1
    assert kept((impossible,)) and len(makings) == 2


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """To write more fails, as it does on a disk that is full."""
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, usual[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)


def test_what_does_not_fit_on_the_disk_leaves_nothing_there(makings: list[Wordbook], tmp_path: Path) -> None:
    with files_of_at_most(1_000_000):
        assert kept((tmp_path,))
    assert not list(tmp_path.iterdir())


def test_only_the_newest_version_stays(makings: list[Wordbook], tmp_path: Path) -> None:
    (tmp_path / "words-of-another-version").touch()
    (tmp_path / "others").touch()
    kept((tmp_path,))
    assert {path.name for path in tmp_path.iterdir()} == {"others", f"words-{provenance.IMPORTED}"}


@pytest.mark.parametrize("name", ["needs_ideas.json", "places_aliases.csv", "ordinary_words.txt.gz"])
def test_another_seed_is_another_version_and_nothing_is_read_or_kept_in_between(
    name: str, makings: list[Wordbook], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "kept"
    kept((folder,))
    seed = Path(shutil.copytree(SEED_DIR, tmp_path / "seed"))
    (seed / name).write_bytes((seed / name).read_bytes() + b"\n")
    monkeypatch.setattr(provenance, "SEED_DIR", seed)
    kept((folder,))
    assert len(makings) == 2
    assert [path.name for path in folder.iterdir()] == [f"words-{provenance.IMPORTED}"]


def imported_by(path: Path) -> Iterator[Path]:
    """The files of ours that a file imports."""
    root = Path(directory.__file__).parent
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("directory."):
            base = root.parent.joinpath(*str(node.module).split("."))
            names = [base / alias.name for alias in node.names]
            for found in (base, *names):
                yield from (p for p in (found.with_suffix(".py"), found / "__init__.py") if p.is_file())


def test_all_the_code_that_the_words_are_made_by_is_in_the_name_they_are_kept_by() -> None:
    root = Path(directory.__file__).parent
    named = {path for pattern in provenance.SOURCES for path in root.glob(pattern)}
    seen, next_ones = set(), [Path(str(wordbook.__file__))]
    while next_ones:
        path = next_ones.pop()
        seen.add(path)
        next_ones += [other for other in imported_by(path) if other not in seen]
    missing = {str(path.relative_to(root)) for path in seen - named}
    assert missing == {"config.py", "errors.py"}, "which say where the seed is, and what is not found"
