"""A directory that a real server serves and that somebody edits from another process, and small disks to put it on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

from directory.catalogue.editing import edit_service, save_organizations, save_services
from directory.config import Settings
from directory.database import Database
from directory.serving import mark_prepared
from tests.factories import NEEDS, organization_draft, service_draft
from tests.real_server import RealServer
from tests.worker_connections import PATIENCE_S

SLUG, ORGANIZATION = "a-needle", "haystack"
ASKED = f"/api/v1/search?organization={ORGANIZATION}&sort=name&per_page=1"


class Editor:
    """Edits one service, from a process that is not the server's."""

    def __init__(self, database: Path) -> None:
        self.database = Database(f"sqlite:///{database}")
        with self.database.unit_of_work() as session:
            save_organizations(session, [organization_draft(ORGANIZATION)], now=datetime.now(UTC))
            session.commit()

    def say(self, text: str) -> None:
        draft = service_draft(SLUG, organization=ORGANIZATION, descriptions={"nb": text}, locations=[])
        edit_service(self.database, draft, needs=NEEDS, now=datetime.now(UTC))

    def say_much(self, text: str, others: int = 200) -> None:
        """The same, with so many more services changed at once that they don't fit where one did."""
        drafts = [
            service_draft(slug, organization=ORGANIZATION, descriptions={"nb": text}, locations=[])
            for slug in [SLUG, *(f"hay-{number}" for number in range(others))]
        ]
        with self.database.unit_of_work() as session:
            save_services(session, drafts, needs=NEEDS, now=datetime.now(UTC))
            session.commit()

    def close(self) -> None:
        self.database.close()


@contextmanager
def editor(database: Path) -> Iterator[Editor]:
    opened = Editor(database)
    try:
        yield opened
    finally:
        opened.close()


def copied(ready: Path, to: Path) -> Path:
    """The data of a directory that has been served before, as of one that has been, too."""
    shutil.copytree(ready, to, ignore=shutil.ignore_patterns("metrics"), dirs_exist_ok=True)
    mark_prepared(Settings(_env_file=None, data_dir=to))
    return to


def said(answer: tuple[int, bytes]) -> str | None:
    """The text of the service, as a search gives it; None where the search did not find it or was not answered."""
    status, body = answer
    found = json.loads(body).get("results") if status == 200 else None
    return found[0]["summary"] if found and found[0]["slug"] == SLUG else None


def until_all_say(server: RealServer, text: str, seen: list[tuple[int, bytes]] | None = None) -> None:
    """Ask every worker again and again until it finds the text; ``seen`` gets all answers."""
    for worker in server.workers.pids():
        patience = Patience(f"worker {worker} does not say {text}")
        while True:
            answer = server.workers.ask(worker, ASKED)
            if seen is not None:
                seen.append(answer)
            if said(answer) == text:
                break
            patience.wear()


def ready(server: RealServer) -> dict[str, str]:
    """What /ready says is wrong, by component."""
    told = json.loads(server.ask("/ready")[1])
    return {part["name"]: part["detail"] for part in told["components"] if part["state"] != "ok"}


class Patience:
    """Waits a little, so many times, and then fails with what was waited for."""

    def __init__(self, what: str) -> None:
        self._what, self._left = what, PATIENCE_S * 100

    def wear(self) -> None:
        Event().wait(0.01)
        self._left -= 1
        assert self._left, self._what


def may_mount() -> bool:
    return os.geteuid() == 0 and shutil.which("mount") is not None


@contextmanager
def small_disk(at: Path, megabytes: int) -> Iterator[Path]:
    at.mkdir(mode=0o700, parents=True, exist_ok=True)
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=700", "tmpfs", str(at)], check=True
    )
    try:
        yield at
    finally:
        subprocess.run(["umount", "--lazy", str(at)], check=True)


def fill(disk: Path) -> Path:
    """Not a byte more goes onto it, until the file is removed."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            return ballast
