"""The service as it is really run: ``veiviser serve``, gunicorn and its workers, on a loopback port."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

from directory.config import Settings
from directory.serving import ROOT
from tests.worker_connections import PATIENCE_S, Workers


class RealServer:
    """``worker``: whether somebody is at work beside it, as there is for a newcomer. ``root``: where the code is."""

    def __init__(self, data_dir: Path, *, worker: bool = False, root: Path = ROOT, **more: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        environment = {
            **os.environ,
            "VEIVISER_DATA_DIR": str(data_dir),
            "VEIVISER_RATE_LIMITS": "off",
            "PORT": str(self.port),
            **more,
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "directory.cli", "serve", "--worker" if worker else "--no-worker"],
            cwd=root,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdout is not None
        self._said: list[str] = []
        for line in self.process.stdout:
            self._said.append(line)
            if "Listening at" in line:  # from here on a request waits for a worker
                break
        else:
            raise AssertionError("".join(self._said))
        self._listener = Thread(target=self._listen, daemon=True)
        self._listener.start()
        self.workers = Workers(self.port, self.process.pid)
        usual = Settings.model_fields["web_concurrency"].default
        self.workers.all_pids(int(more.get("WEB_CONCURRENCY", usual)))

    def _listen(self) -> None:
        assert self.process.stdout is not None
        self._said.extend(self.process.stdout)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(
        self,
        path: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, str]:
        """Status and text of one request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            connection.request(method, path, body, dict(headers or {}))
            response = connection.getresponse()
            return response.status, response.read().decode(errors="replace")
        finally:
            connection.close()

    def say(self, raw: bytes) -> bytes:
        """Bytes that need be no HTTP, and the beginning of what comes back."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S) as connection:
            connection.sendall(raw)
            return connection.recv(65536)

    def reload(self) -> None:
        self.process.send_signal(signal.SIGHUP)

    def stop(self) -> str:
        """End it, and return all that it said, on stdout and stderr."""
        self.workers.close()
        self.process.terminate()
        self.process.wait(PATIENCE_S)
        self.heard_out()
        return "".join(self._said)

    def heard_out(self) -> None:
        """What it said is read to its end, which comes when the last of its processes is gone."""
        self._listener.join(PATIENCE_S)
        assert self.process.stdout is not None
        if not self._listener.is_alive():
            self.process.stdout.close()


@contextmanager
def real_server(
    data_dir: Path, *, worker: bool = False, root: Path = ROOT, **more: str
) -> Iterator[RealServer]:
    server = RealServer(data_dir, worker=worker, root=root, **more)
    try:
        yield server
    finally:
        server.workers.close()
        if server.process.poll() is None:
            server.stop()
        server.heard_out()
