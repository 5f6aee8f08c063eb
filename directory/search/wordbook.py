"""All that is made of the seed's words and places alone: some seconds of work, done once for each version of them.

What was made is kept where what numba compiles is: beside the source, or in the user's own cache folder where that
can't be written. Its name is made of the seed, of the code that makes it and of what that stands on, so that any change
makes it anew. Where nothing can be kept, or what was kept is torn, it is made again: slower, and the same.
"""

from __future__ import annotations

import gc
import os
import pickle
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from hashlib import file_digest, sha256
from pathlib import Path

from directory.config import SEED_DIR
from directory.needs import Needs
from directory.places import Places
from directory.search.understand import IMPORTED, Lexicon, fingerprint
from directory.search.understand.classifier import Classifier

_HERE = Path(__file__).resolve().parent
_DIGEST = 32  # bytes, before what they are the digest of
_LEFT_S = 3600  # so old a file that is not whole was left by somebody who was killed


@dataclass(frozen=True, slots=True)
class Wordbook:
    needs: Needs
    places: Places
    lexicon: Lexicon

    @classmethod
    def make(cls, seed_dir: Path = SEED_DIR) -> Wordbook:
        """Raises OSError or ValueError where a file of the seed is missing or broken."""
        needs = Needs.load(seed_dir)
        return cls(needs, Places.load(seed_dir), Lexicon(needs, Classifier.load(seed_dir)))


@cache
def wordbook() -> Wordbook:
    """That of the seed which ships, one for the whole process."""
    return kept(_folders())


def kept(folders: tuple[Path, ...]) -> Wordbook:
    """From the first of the folders that has it whole; else made, and kept in the first that can be written to.

    Nothing is read or kept while the files are others than this process was begun with.
    """
    name = f"words-{IMPORTED}"
    looked_for_garbage = gc.isenabled()
    gc.disable()  # words by the ten thousand, none of them garbage: looking takes a third of the time
    try:
        known = fingerprint() == IMPORTED
        for folder in folders if known else ():
            if found := _read(folder / name):
                return found
        made = Wordbook.make()
        if known and fingerprint() == IMPORTED:
            _keep(folders, name, pickle.dumps(made, pickle.HIGHEST_PROTOCOL))
        return made
    finally:
        if looked_for_garbage:
            gc.enable()


def _folders() -> tuple[Path, ...]:
    def told() -> Iterator[Path]:
        yield _HERE / "__pycache__"
        with suppress(RuntimeError):  # nobody's home
            yield Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "veiviser"

    return tuple(told())


def _read(path: Path) -> Wordbook | None:
    try:
        with path.open("rb") as file:
            told = file.read(_DIGEST)
            if file_digest(file, "sha256").digest() != told:
                return None
            file.seek(_DIGEST)
            found = pickle.load(file)  # nosec B301: as much ours as the compiled code beside it
    except OSError:
        return None
    return found if isinstance(found, Wordbook) else None


def _keep(folders: tuple[Path, ...], name: str, written: bytes) -> None:
    for folder in folders:
        with suppress(OSError):
            _write(folder, name, written)
            return


def _write(folder: Path, name: str, written: bytes) -> None:
    """Aside, synced, and then renamed: whole or not at all. What is of another version, or was left, makes way."""
    folder.mkdir(parents=True, exist_ok=True)
    aside = folder / f".{name}-{os.getpid()}"
    try:
        with aside.open("wb") as file:
            file.write(sha256(written).digest() + written)
            file.flush()
            os.fsync(file.fileno())
        for other in folder.glob("words-*"):
            other.unlink(missing_ok=True)
        for left in folder.glob(".words-*"):
            if aside.stat().st_mtime - left.stat().st_mtime > _LEFT_S:
                left.unlink(missing_ok=True)
        aside.replace(folder / name)
    finally:
        aside.unlink(missing_ok=True)
