"""Tiles of the larger map: one fetch for all, nothing of the asker goes on, and what is no picture is not shown."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import ClassVar

import pytest

from directory import tiles
from directory.errors import NotFound, TilesUnavailable
from directory.tiles import FAILED_S, FRESH_S, MOST_BYTES, Tiles, clear, fetch, kind_of

PNG = b"\x89PNG\r\n\x1a\n"
TEMPLATE = "https://tiles.example.org/{z}/{x}/{y}.png"


class Upstream:
    """Answers what it is told to, and counts. The clock moves by hand."""

    def __init__(self, folder: Path) -> None:
        self.asked: list[str] = []
        self.body: bytes | OSError = PNG + b"first"
        self.now = 1_800_000_000.0
        self.tiles = Tiles(TEMPLATE, folder, self.fetch, lambda: self.now, lambda: self.now)

    def fetch(self, url: str) -> bytes:
        self.asked.append(url)
        if isinstance(self.body, OSError):
            raise self.body
        return self.body


@pytest.fixture
def upstream(tmp_path: Path) -> Upstream:
    return Upstream(tmp_path / "tiles")


def test_a_tile_is_fetched_once_for_all_and_again_after_thirty_days(upstream: Upstream) -> None:
    for _ in range(3):
        assert upstream.tiles.tile(10, 530, 290) == (PNG + b"first", "image/png")
    assert upstream.asked == ["https://tiles.example.org/10/530/290.png"]
    upstream.body = PNG + b"second"
    upstream.now += FRESH_S - 1
    assert upstream.tiles.tile(10, 530, 290)[0] == PNG + b"first"
    upstream.now += 2
    assert upstream.tiles.tile(10, 530, 290)[0] == PNG + b"second"


def test_another_process_finds_what_one_has_fetched(upstream: Upstream, tmp_path: Path) -> None:
    upstream.tiles.tile(3, 4, 2)
    other = Upstream(tmp_path / "tiles")
    assert other.tiles.tile(3, 4, 2)[0] == PNG + b"first"
    assert other.asked == []


@pytest.mark.parametrize("where", [(2, 0, 0), (19, 0, 0), (3, 8, 0), (3, 0, 8), (18, 1 << 18, 0), (3, -1, 0)])
def test_a_tile_that_there_can_not_be_is_asked_of_nobody(
    upstream: Upstream, where: tuple[int, int, int]
) -> None:
    with pytest.raises(NotFound):
        upstream.tiles.tile(*where)
    assert upstream.asked == []


@pytest.mark.parametrize(
    "bad",
    [OSError("down"), b"<html><script>alert(1)</script>", b"", PNG + bytes(MOST_BYTES), b"RIFF....AVI LIST"],
)
def test_what_is_no_picture_is_not_shown_and_not_asked_for_again_at_once(
    upstream: Upstream, bad: bytes | OSError
) -> None:
    upstream.body = bad
    for _ in range(3):
        with pytest.raises(TilesUnavailable):
            upstream.tiles.tile(5, 1, 1)
    assert len(upstream.asked) == 1
    upstream.body = PNG
    upstream.now += FAILED_S + 1
    assert upstream.tiles.tile(5, 1, 1) == (PNG, "image/png")


def test_an_old_tile_is_better_than_none(upstream: Upstream) -> None:
    upstream.tiles.tile(5, 1, 1)
    upstream.now += 2 * FRESH_S
    upstream.body = OSError("down")
    assert upstream.tiles.tile(5, 1, 1)[0] == PNG + b"first"
    assert len(upstream.asked) == 2


def test_who_asks_at_the_same_time_waits_for_the_same_answer(tmp_path: Path) -> None:
    begun, go_on, asked = threading.Event(), threading.Event(), []

    def slow(url: str) -> bytes:
        asked.append(url)
        begun.set()
        assert go_on.wait(5)
        return PNG

    shared = Tiles(TEMPLATE, tmp_path, slow, lambda: 1_800_000_000.0)
    answers: list[bytes] = []
    askers = [threading.Thread(target=lambda: answers.append(shared.tile(4, 1, 1)[0])) for _ in range(4)]
    askers[0].start()
    assert begun.wait(5)
    for asker in askers[1:]:
        asker.start()
    go_on.set()
    for asker in askers:
        asker.join(5)
    assert answers == [PNG] * 4
    assert len(asked) == 1


def test_a_full_disk_is_no_reason_not_to_show_a_tile(upstream: Upstream, tmp_path: Path) -> None:
    (tmp_path / "tiles").write_bytes(b"a file where the folder would be")
    assert upstream.tiles.tile(3, 1, 1)[0] == PNG + b"first"


def test_the_oldest_tiles_go_first(upstream: Upstream, tmp_path: Path) -> None:
    for x in range(4):
        upstream.tiles.tile(3, x, 0)
        upstream.now += 10
    size = len(PNG + b"first")
    assert clear(tmp_path / "tiles", 2 * size) == 2
    left = {path.parent.name for path in (tmp_path / "tiles").rglob("*") if path.is_file()}
    assert left == {"2", "3"}


def test_what_is_kept_stays_within_its_bounds(
    upstream: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = len(PNG + b"first")
    monkeypatch.setattr(tiles, "MOST_KEPT", 5 * size)
    monkeypatch.setattr(tiles, "TURN", 4)
    for x in range(60):
        upstream.tiles.tile(6, x, 0)
        upstream.now += 1
    assert sum(path.is_file() for path in (tmp_path / "tiles").rglob("*")) <= 5 + 4


def test_pictures_are_known_by_their_first_bytes() -> None:
    assert kind_of(b"\xff\xd8\xff\xe0") == "image/jpeg"
    assert kind_of(b"GIF89a") == "image/gif"
    assert kind_of(b"RIFF1234WEBPVP8 ") == "image/webp"
    assert kind_of(b"<svg xmlns") is None


class Server(BaseHTTPRequestHandler):
    heard: ClassVar[list[tuple[str, dict[str, str]]]] = []

    def do_GET(self) -> None:
        Server.heard.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/picture")
            self.end_headers()
            return
        self.send_response(500 if self.path == "/broken" else 200)
        if self.path == "/packed":
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        if self.path == "/endless":
            try:
                while True:
                    self.wfile.write(PNG * 10_000)
            except OSError:
                return
        self.wfile.write(PNG)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    serving = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    thread = threading.Thread(target=serving.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{serving.server_port}"
    serving.shutdown()
    thread.join()
    serving.server_close()


def test_who_serves_the_tiles_hears_of_this_house_only(server: str) -> None:
    Server.heard.clear()
    assert fetch(f"{server}/picture") == PNG
    [(path, headers)] = Server.heard
    assert path == "/picture"
    assert set(headers) == {"host", "user-agent", "accept", "accept-encoding"}
    assert headers["user-agent"] == "Veiviser-map/1"
    assert headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("path", ["/moved", "/broken", "/endless"])
def test_redirects_failures_and_endless_answers_are_refused(server: str, path: str) -> None:
    Server.heard.clear()
    with pytest.raises(OSError):
        fetch(f"{server}{path}")
    assert len(Server.heard) == 1


def test_nothing_that_is_sent_is_unpacked(server: str) -> None:
    assert fetch(f"{server}/packed") == PNG


def test_an_answer_that_takes_too_long_is_refused(server: str) -> None:
    times = count(0.0, tiles.SECONDS + 1)
    with pytest.raises(OSError, match="too slow"):
        fetch(f"{server}/picture", lambda: next(times))


def test_a_host_that_is_not_there_is_an_oserror() -> None:
    with pytest.raises(OSError):
        fetch("http://127.0.0.1:9/1")
