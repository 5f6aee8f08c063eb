"""A server that the bench starts, asks and ends: a process of its own on a free port of this machine."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# What the Makefile's target `run` executes once all is installed
RUN = (sys.executable, "-m", "directory.cli", "serve")
PATIENCE_S = 120.0
POLL_S = 0.01
WORKERS = 2


class NotServing(Exception):
    """The server ended, or did not answer in time; says what it wrote."""


@dataclass(frozen=True, slots=True)
class Server:
    port: int
    seconds: float  # from its start to its first answer

    def get(self, path: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


def environment(data_dir: Path, port: int) -> dict[str, str]:
    return {
        **os.environ,
        "VEIVISER_DATA_DIR": str(data_dir),
        "VEIVISER_HOST": "127.0.0.1",
        "VEIVISER_RATE_LIMITS": "off",  # one client asks all of it
        "VEIVISER_ENVIRONMENT": "development",
        "VEIVISER_LOG_LEVEL": "warning",
        "PORT": str(port),
        "WEB_CONCURRENCY": str(WORKERS),
    }


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port: int = trial.getsockname()[1]
        return port


@contextmanager
def serving(
    command: Sequence[str], data_dir: Path, path: str, more: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """Runs until ``path`` answers 200, and within the context; then ends it as Ctrl-C does. Raises NotServing."""
    port = free_port()
    log = data_dir / "server.log"
    with log.open("wb") as written:
        began = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=ROOT, env={**environment(data_dir, port), **(more or {})}, stdout=written, stderr=written,
            stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        try:
            yield _answering(process, Server(port, 0.0), path, began, log)
        finally:
            _end(process)


def _answering(
    process: subprocess.Popen[bytes], server: Server, path: str, began: float, log: Path
) -> Server:
    while (spent := time.perf_counter() - began) < PATIENCE_S:
        if process.poll() is not None:
            raise NotServing(f"the server ended with {process.returncode}: {_last_line(log)}")
        try:
            if server.get(path)[0] == 200:
                return Server(server.port, time.perf_counter() - began)
        except OSError:
            pass
        time.sleep(POLL_S)
    raise NotServing(f"no answer within {spent:.0f} s: {_last_line(log)}")


def _last_line(log: Path) -> str:
    lines = log.read_text("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else "it wrote nothing"


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    try:
        process.wait(timeout=30)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
