"""Connections to one worker of a server at a time, found by the sockets that the system lists for each process."""

from __future__ import annotations

import http.client
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Event

PATIENCE_S = 60
TRIES, AT_ONCE = 4000, 10
ESTABLISHED = "01"  # in /proc/net/tcp


def children(process: int) -> list[int]:
    try:
        return [int(pid) for pid in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    except OSError:
        return []


def is_alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def keeps(process: int) -> bool:
    """Whether it is the one that a server has beside its workers, to keep ``veiviser work`` going."""
    try:
        return b"--beside" in Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False


def _server_side(port: int, client_port: int) -> str | None:
    """The inode of the server's end of a connection."""
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        local, remote = (int(fields[at].rpartition(":")[2], 16) for at in (1, 2))
        if (local, remote) == (port, client_port):
            return fields[9]
    return None


def _sockets(process: int) -> Iterator[str]:
    with suppress(OSError):
        for item in Path(f"/proc/{process}/fd").iterdir():
            with suppress(OSError):
                name = os.readlink(item)
                if name.startswith("socket:["):
                    yield name[8:-1]


def held(port: int, worker: int) -> int:
    """How many connections to the server's port a worker holds."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    open_ones = {f[9] for f in lines if int(f[1].rpartition(":")[2], 16) == port and f[3] == ESTABLISHED}
    return len(open_ones & set(_sockets(worker)))


class Workers:
    """Asks each worker of the server whose parent process is ``parent``, on a connection that is kept."""

    def __init__(self, port: int, parent: int) -> None:
        self._port, self._parent = port, parent
        self._connections: dict[int, http.client.HTTPConnection] = {}

    def pids(self) -> list[int]:
        return [pid for pid in children(self._parent) if is_alive(pid) and not keeps(pid)]

    def all_pids(self, number: int = 2) -> list[int]:
        """As soon as there are so many; a server listens before it has made them. Raises OSError."""
        for _ in range(TRIES):
            if len(pids := self.pids()) == number:
                return pids
            Event().wait(0.01)
        raise OSError(f"there are {len(pids)} workers, not {number}")

    def ask(self, worker: int, path: str) -> tuple[int, bytes]:
        """Raises OSError where that worker does not take connections."""
        for _ in range(2):
            connection = self._connections.get(worker) or self.connected(worker)
            self._connections[worker] = connection
            try:
                connection.request("GET", path)
                answer = connection.getresponse()
                return answer.status, answer.read()
            except (http.client.HTTPException, OSError):  # it was kept too long
                self._connections.pop(worker).close()
        raise OSError(f"worker {worker} does not answer")

    def connected(self, worker: int) -> http.client.HTTPConnection:
        """A new connection to this worker, for the caller to close. Raises OSError."""
        others: list[http.client.HTTPConnection] = []
        try:
            for tried in range(TRIES):
                if not is_alive(worker):
                    break
                if tried > AT_ONCE:  # it may only just be starting
                    others.pop(0).close()
                    Event().wait(0.01)
                connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE_S)
                others.append(connection)
                with suppress(http.client.HTTPException, ConnectionError):
                    connection.request("GET", "/health")  # it is taken when there is something to read
                    connection.getresponse().read()
                    inode = connection.sock and _server_side(self._port, connection.sock.getsockname()[1])
                    if inode in set(_sockets(worker)):
                        return others.pop()
        finally:
            for connection in others:
                connection.close()
        raise OSError(f"worker {worker} takes no connection")

    def close(self) -> None:
        for connection in self._connections.values():
            connection.close()
        self._connections.clear()
