"""Readers and writers in several processes, and writers that are killed."""

from __future__ import annotations

import multiprocessing
import os
import signal
from pathlib import Path
from uuid import UUID

import pytest

from directory.errors import IndexUnavailable
from directory.search import engine, index, soundness
from directory.search.engine import Engine
from directory.search.index import IndexWriter
from directory.search.storage.generation import Generation, read_generation
from tests.engine_oracle import ids, service


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "index"


spawn = multiprocessing.get_context("spawn")


def _write(path: Path, first: int, last: int) -> None:
    for position in range(first, last):
        index.apply(
            path,
            [service(position), service(position + 10_000)],
            [str(UUID(int=position - 1))],
            position=position,
        )


def test_a_reader_in_another_process_sees_each_generation_whole(path: Path) -> None:
    index.rebuild(path, [service(1), service(10_001)], position=1, fingerprint="a")
    engine = Engine(path)
    writer = spawn.Process(target=_write, args=(path, 2, 60))
    writer.start()
    seen = set()
    alive = True
    while alive:
        alive = writer.is_alive()  # asked before the last look, so that nothing comes after it
        snapshot = engine.snapshot()
        position = snapshot.position
        seen.add(position)
        assert ids(snapshot) == {position, *range(10_001, 10_001 + position)}
        assert engine.problem is None
    writer.join()
    assert writer.exitcode == 0
    assert max(seen) == 59


def _write_until_killed(path: Path) -> None:
    for position in range(soundness.state(path).position + 1, 10**6):
        index.apply(path, [service(position)], [], position=position)


def test_a_writer_killed_at_any_moment_leaves_a_sound_index(path: Path) -> None:
    index.rebuild(path, [service(0)], position=0, fingerprint="a")
    engine = Engine(path)
    for _ in range(4):
        begun = engine.snapshot().position
        writer = spawn.Process(target=_write_until_killed, args=(path,))
        writer.start()
        while engine.snapshot().position < begun + 7:
            assert writer.is_alive()
        os.kill(writer.pid, signal.SIGKILL)  # type: ignore[arg-type]
        writer.join()
        assert soundness.check(path) == []
        position = engine.snapshot().position
        assert ids(engine.snapshot()) == set(range(position + 1))


def test_one_writer_at_a_time(path: Path) -> None:
    with IndexWriter(path) as writer:
        writer.rebuild([service(1)], position=1, fingerprint="a")
        with pytest.raises(IndexUnavailable, match="another process"), IndexWriter(path, wait=False):
            pass
        assert ids(Engine(path).snapshot()) == {1}  # readers don't wait
    with IndexWriter(path, wait=False) as writer:
        state = writer.state()
        assert state is not None
        assert state.position == 1


@pytest.mark.parametrize(("switches", "seen"), [(1, 1), (2, 1), (3, 4)])
def test_a_reader_that_is_overtaken_while_it_opens_gets_a_whole_generation(
    path: Path, monkeypatch: pytest.MonkeyPatch, switches: int, seen: int
) -> None:
    """What a switch takes away stays for a while, for those who read the manifest just before."""
    index.rebuild(path, [service(1)], position=1, fingerprint="a")
    pending = list(range(2, 2 + switches))

    def overtaken(folder: Path) -> Generation:
        generation = read_generation(folder)
        while pending:
            index.apply(path, [service(pending[0])], [], position=pending.pop(0))
        return generation

    monkeypatch.setattr(engine, "read_generation", overtaken)
    reader = Engine(path)
    snapshot = reader.snapshot()
    assert snapshot.position == seen
    assert ids(snapshot) == set(range(1, seen + 1))
    assert reader.snapshot().position == 1 + switches
