"""What the parent of a server's workers reads for all of them: less memory, and never older code than there is."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from directory.api.rooms import rooms
from directory.serving import ROOT
from tests.bench.memory import held
from tests.real_server import RealServer, real_server
from tests.reliability.house_for_faults import Patience, copied

PRIVATE = (
    120 << 20
)  # bytes of a worker; 70 MB on a small directory, and more than 200 where nothing is shared
SEARCHES = (
    "/api/v1/search?q=nalokson+begren&facets=true",
    "/api/v1/suggest?q=kle&near=5003",
    "/api/v1/needs",
)


@pytest.fixture
def data(directory_app: Flask, tmp_path: Path) -> Path:
    with directory_app.app_context():
        return copied(rooms().settings.data_dir, tmp_path / "var")


def test_workers_share_what_all_of_them_read(data: Path) -> None:
    with real_server(data) as server:
        for worker in server.workers.all_pids():
            for path in SEARCHES:
                assert server.workers.ask(worker, path)[0] == 200
            assert held(worker).private < PRIVATE


def edit(file: Path, change: Callable[[str], str]) -> None:
    before = file.read_text("utf-8")
    after = change(before)
    assert after != before
    file.write_text(after, "utf-8")


def label(server: RealServer) -> str:
    needs = json.loads(server.ask("/api/v1/needs?lang=en")[1])["needs"]
    return next(str(need["label"]) for need in needs if need["slug"] == "naloxone")


def test_after_a_reload_it_is_the_code_that_is_there_now(data: Path, tmp_path: Path) -> None:
    root = tmp_path / "checkout"
    for name in ("directory", "seed"):
        shutil.copytree(ROOT / name, root / name)
    for name in ("gunicorn.conf.py", "wsgi.py"):
        shutil.copy(ROOT / name, root)
    # Compiled code is kept by its path: in another place all of it would be compiled anew.
    with real_server(data, root=root, WEB_CONCURRENCY="1", NUMBA_DISABLE_JIT="1") as server:
        assert json.loads(server.ask("/health")[1]) == {"status": "ok"}
        usual = label(server)
        first = server.workers.all_pids(1)
        edit(
            root / "directory" / "observability.py",
            lambda code: code.replace('{"status": "ok"}', '{"status": "as new"}'),
        )
        edit(
            root / "directory" / "needs.py",  # by which the words are made, too
            lambda code: code.replace("            return label\n", "            return label.upper()\n"),
        )
        server.reload()
        patience = Patience("a new worker")
        while set(first) & set(server.workers.pids()) or not server.workers.pids():
            patience.wear()
        assert json.loads(server.ask("/health")[1]) == {"status": "as new"}
        assert label(server) == usual.upper() != usual
        (worker,) = server.workers.all_pids(1)
        assert held(worker).private < PRIVATE, "what is new is shared as well"
