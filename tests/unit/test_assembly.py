"""How a segment is put together: its vocabulary and dictionary, the keys of each document, what memory it takes."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from whoosh.filedb.filestore import FileStorage
from whoosh.filedb.filetables import OrderedHashReader, OrderedHashWriter

from directory.search.storage import assembly, inversion
from directory.search.storage.assembly import build_segment
from directory.search.storage.dictionary import DictionaryWriter
from directory.search.storage.document import Document
from directory.search.storage.segment import Segment
from directory.search.storage.vocabulary import merge_terms, read_terms, write_terms

quick = settings(max_examples=100, deadline=None)
words = st.text(max_size=4)
FEW, MANY = 500, 1_500  # documents
MOST_EACH = 1_500  # bytes of memory for a document more, with 24 terms that no other has


@quick
@given(st.lists(st.sets(words, max_size=30), max_size=6))
def test_terms_of_several_files_are_merged_in_order_and_each_knows_its_place(
    tmp_path_factory: pytest.TempPathFactory, parts: list[set[str]]
) -> None:
    folder = tmp_path_factory.mktemp("terms")
    paths = [folder / str(number) for number in range(len(parts))]
    for path, part in zip(paths, parts, strict=True):
        write_terms(path, sorted(part))
    number, places = merge_terms(folder / "all", paths)
    together = list(read_terms(folder / "all"))
    assert together == sorted(set().union(*parts))
    assert number == len(together)
    for part, place in zip(parts, places, strict=True):
        assert [together[at] for at in place.tolist()] == sorted(part)


def test_more_terms_than_are_read_at_once_come_back(tmp_path: Path) -> None:
    terms = sorted(f"ord{number}" for number in range(5_000))
    write_terms(tmp_path / "terms", terms)
    assert list(read_terms(tmp_path / "terms")) == terms


@quick
@given(st.dictionaries(st.binary(max_size=4), st.binary(max_size=4), max_size=40))
def test_a_dictionary_is_written_byte_for_byte_as_whoosh_writes_it(
    tmp_path_factory: pytest.TempPathFactory, items: dict[bytes, bytes]
) -> None:
    items.pop(b"", None)  # Whoosh takes no empty key
    _same_as_whoosh(tmp_path_factory.mktemp("dictionary"), items)


def test_a_dictionary_with_full_tables_is_that_of_whoosh(tmp_path: Path) -> None:
    """With so many keys several want the same slot, and positions outgrow the first two kinds of number."""
    items = {f"{number:06}".encode(): b"v" * (number % 9) for number in range(20_000)}
    _same_as_whoosh(tmp_path, items)
    storage = FileStorage(str(tmp_path))
    with closing(OrderedHashReader.open(storage, "ours")) as reader:
        assert all(reader[key] == value for key, value in items.items())


def test_keys_out_of_order_are_refused(tmp_path: Path) -> None:
    writer = DictionaryWriter(FileStorage(str(tmp_path)).create_file("ours"))
    writer.add(b"b", b"")
    for key in (b"a", b"b"):
        with pytest.raises(ValueError, match="must increase"):
            writer.add(key, b"")
    writer.close()


def _same_as_whoosh(folder: Path, items: dict[bytes, bytes]) -> None:
    storage = FileStorage(str(folder))
    for name, kind in (("whoosh", OrderedHashWriter), ("ours", DictionaryWriter)):
        writer = kind(storage.create_file(name))
        writer.extras["fieldmap"] = {"key": 0}
        for key in sorted(items):
            writer.add(key, items[key])
        writer.close()
    assert (folder / "ours").read_bytes() == (folder / "whoosh").read_bytes()


@quick
@given(
    st.lists(st.dictionaries(words, st.sampled_from([0.0, 0.5, 1.0]), max_size=6), min_size=1, max_size=25),
    st.integers(1, 30),
    st.integers(1, 5),
)
def test_a_document_knows_its_keys_and_pieces_however_the_work_is_divided(
    tmp_path_factory: pytest.TempPathFactory, keys: list[dict[str, float]], run: int, most: int
) -> None:
    given_ = [
        Document(str(UUID(int=n + 1)), {}, held, pieces={f"p{n % 3}": b"x" * n, "all": str(n).encode()})
        for n, held in enumerate(keys)
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inversion, "RUN", run)
        patch.setattr(inversion, "MOST_TERMS", most)
        patch.setattr(assembly, "DENSE", 3)
        folder = tmp_path_factory.mktemp("built") / "segment"
        assert build_segment(folder, given_) == len(given_)
    segment = Segment(folder)
    names, ends = list(segment.keys()), segment.array["key_end"].tolist()
    for document in given_:
        at = segment.lookup(UUID(document.id))
        assert at is not None
        held = [names[key] for key in segment.array["key"][ends[at] : ends[at + 1]].tolist()]
        assert held == sorted(key for key, strength in document.keys.items() if strength)
        assert {name: segment.piece(at, name) for name in ("p0", "p1", "p2", "all")} == {
            name: document.pieces.get(name) for name in ("p0", "p1", "p2", "all")
        }
    assert sorted(file.name for file in folder.iterdir()) == [
        "arrays.bin", "pieces.bin", "terms.pst", "terms.trm", "terms.wts",
    ]  # fmt: skip


def test_a_service_more_takes_little_memory_however_many_words_it_has_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A million services in bounded memory: neither their words nor their postings are all held at once."""
    monkeypatch.setattr(inversion, "RUN", 5_000)
    monkeypatch.setattr(inversion, "MOST_TERMS", 5_000)
    build_segment(tmp_path / "first", _services(100))  # what is loaded once and kept
    few, many = (_peak(tmp_path / str(number), number) for number in (FEW, MANY))
    assert (many - few) / (MANY - FEW) < MOST_EACH


def _services(number: int) -> Iterator[Document]:
    rng = np.random.default_rng(7)
    for n in range(number):
        yield Document(
            str(UUID(int=n + 1)),
            {f"word{n}-{i}": 1.0 for i in range(20)} | {f"common{i}": 2.0 for i in rng.integers(0, 99, 20)},
            {f"key:{n}-{i}": 1.0 for i in range(4)} | {f"kind:{n % 5}": 1.0},
            sort_name=f"tjeneste {n}",
            pieces={f"p{i}": b"{}" for i in range(8)},
        )


def _peak(folder: Path, number: int) -> int:
    tracemalloc.start()
    try:
        build_segment(folder, _services(number))
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
