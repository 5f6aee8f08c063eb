"""From the command line to a running service: whether there is anything to do before it, and how it begins."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import NoReturn

from directory.config import SEED_DIR, Settings
from directory.errors import UnsafeSettings

ROOT = Path(__file__).resolve().parent.parent
_MARK = "prepared"
_SQLITE = "sqlite:///"
LOOK_S = 0.3  # how often it is looked whether both are still there
_KEEPER = "VEIVISERS_WORK_IS_KEPT_BY"  # the name in the environment of a process id
AT_LEAST_S = 5.0  # between two workers


def is_prepared(settings: Settings) -> bool:
    """Whether this very code has prepared this very database from this very seed, and nobody took the index away.

    Found out from files alone: to ask the database takes as long to import as to serve. Where it cannot be known so
    (PostgreSQL; another code, seed or file), the answer is no, and all is looked at.
    """
    mark = settings.data_dir / _MARK
    if not mark.is_file() or not any(settings.index_dir.glob("*")):
        return False
    return mark.read_text("ascii") == _marked(settings) != ""


def mark_prepared(settings: Settings) -> None:
    (settings.data_dir / _MARK).write_text(_marked(settings), "ascii")


def _marked(settings: Settings) -> str:
    """What the mark says of settings, database file, code and seed; nothing where no file tells."""
    path = Path(settings.database.removeprefix(_SQLITE))
    if not settings.database.startswith(_SQLITE) or not path.is_file():
        return ""
    seen = f"{path} {path.stat().st_ino} {settings.geocoder} {fingerprint()}"
    return sha256(seen.encode()).hexdigest()


def fingerprint() -> str:
    """Of the code and the seed as they are on the disk now."""
    seen = sha256()
    for source in sorted([*SEED_DIR.glob("*.*"), *(ROOT / "directory").rglob("*.py")]):
        seen.update(source.name.encode() + b"\0" + source.read_bytes())
    return seen.hexdigest()


def refuse_taken_port(settings: Settings) -> None:
    """Raises UnsafeSettings when HOST and PORT cannot be listened on; gunicorn would try for seconds first."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((settings.host, settings.port))
        except OSError as error:
            raise UnsafeSettings(
                f"cannot listen on {settings.host}:{settings.port}: {error.strerror}; PORT takes another one"
            ) from None


def begin_work() -> None:
    """Begin a process that keeps ``veiviser work`` going for as long as this one lives, whatever this one becomes."""
    command = [sys.executable, "-m", "directory.cli", "work", "--beside", str(os.getpid())]
    keeper = subprocess.Popen(command, stdin=subprocess.DEVNULL, env=_environment())  # nosec B603
    os.environ[_KEEPER] = str(keeper.pid)


def begin_work_anew() -> None:
    """Let whoever works beside this process make way, once it has finished, for one with the code that is there now."""
    if keeper := os.environ.get(_KEEPER):
        with suppress(ProcessLookupError):
            os.kill(int(keeper), signal.SIGHUP)


def keep_working(parent: int) -> None:
    """Let somebody be at work until ``parent`` is gone, or this process is told to end; who dies is replaced, and, on
    SIGHUP, whoever is at work."""
    told: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda number, frame: told.append(number))
    command = [sys.executable, "-m", "directory.cli", "work"]
    while not set(told) - {signal.SIGHUP} and os.getppid() == parent:
        told.clear()
        began = time.monotonic()
        worker = subprocess.Popen(command, stdin=subprocess.DEVNULL, env=_environment())  # nosec B603
        while worker.poll() is None and not told and os.getppid() == parent:
            time.sleep(LOOK_S)
        if worker.poll() is None:
            worker.terminate()
            worker.wait()
        elif (early := AT_LEAST_S - (time.monotonic() - began)) > 0:
            time.sleep(early)  # what dies at once will do so again


def _environment() -> dict[str, str]:
    """In which the package is found also when run from elsewhere, and not installed."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return {**os.environ, "PYTHONPATH": path}


def become_server() -> NoReturn:
    """Replace this process by gunicorn, so that what ends or reloads the one does so to the other."""
    sys.stdout.flush()
    sys.stderr.flush()
    # glibc gives large blocks back to the system at once, and a wide search asks for the same ones again and again.
    os.environ.setdefault("MALLOC_TRIM_THRESHOLD_", str(256 * 1024 * 1024))
    os.environ.setdefault("MALLOC_MMAP_THRESHOLD_", str(128 * 1024 * 1024))
    os.environ.update(_environment())
    command = [sys.executable, "-m", "gunicorn", "--config", str(ROOT / "gunicorn.conf.py")]
    os.execv(sys.executable, command)  # nosec B606
