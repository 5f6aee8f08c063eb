"""Programs of partners that refer and answer over HTTP while what serves them dies, and know what was acknowledged."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Condition, Event, Thread
from typing import Any
from uuid import uuid4

from tests.referral_doors import REFERRALS
from tests.reliability.served_network import Answer, ask

STEPS: tuple[tuple[str, dict[str, str]], ...] = (
    ("accepted", {}),
    ("in-progress", {}),
    ("completed", {"outcome": "need-met"}),
)
TRIES = 2000


@dataclass
class Acknowledged:
    """``unsure``: (key, body) of new ones whose answer is still to be asked for: who was at it may be dead."""

    steps: list[tuple[str, str]] = field(default_factory=list)  # referral, status
    created: dict[str, str] = field(default_factory=dict)  # Idempotency-Key -> referral
    unsure: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    lost: int = 0  # answers that never came
    changed: Condition = field(default_factory=Condition)

    def step(self, referral: str, status: str) -> None:
        with self.changed:
            self.steps.append((referral, status))
            self.changed.notify_all()


class Wrong(Exception):
    """An answer that there should never be."""


class Refers(Thread):
    """Writes one referral after the other as ``team``, each answered as ``clinic``, until told to stop. ``waits``:
    whether nothing new is to be done at the moment.
    """

    def __init__(
        self,
        port: int,
        team: str,
        clinic: str,
        said: dict[str, Any],
        book: Acknowledged,
        stop: Event,
        waits: Callable[[], bool],
    ) -> None:
        super().__init__(daemon=True)
        self._port, self._team, self._clinic, self._said = port, team, clinic, said
        self._book, self._stop_now, self._waits = book, stop, waits
        self._line: http.client.HTTPConnection | None = None

    def run(self) -> None:
        try:
            while not self._stop_now.is_set():
                self._one()
        except Exception as error:
            self._book.wrong.append(repr(error))
        finally:
            if self._line:
                self._line.close()

    def _one(self) -> None:
        key = str(uuid4())
        answer, _ = self._asked(self._team, "POST", "", self._said, Idempotency_Key=key)
        if answer.status == 409 and answer.said["type"] == "/problems/still-running":
            self._book.unsure.append((key, self._said))
            return
        made = self._right(answer, 201)
        self._book.created[key] = made["id"]
        self._book.step(made["id"], "requested")
        version = made["version"]
        for to, more in STEPS:
            path = f"/{made['id']}/transitions"
            answer, again = self._asked(
                self._clinic, "POST", path, {"to": to} | more, If_Match=f'"{version}"'
            )
            if again and answer.status == 412:  # it was taken, and the answer was lost
                answer, _ = self._asked(self._team, "GET", f"/{made['id']}")
            stands = self._right(answer, 200)
            if stands["status"] != to:
                raise Wrong(f"{stands['status']} instead of {to}")
            self._book.step(made["id"], to)
            version = stands["version"]

    def _right(self, answer: Answer, status: int) -> dict[str, Any]:
        if answer.status != status:
            raise Wrong(f"{answer.status} {answer.body[:300]!r}")
        return answer.said

    def _asked(
        self, who: str, method: str, path: str, body: object = None, **headers: str
    ) -> tuple[Answer, bool]:
        """The answer, asked for until it comes; and whether one was lost."""
        while self._waits() and not self._stop_now.is_set():
            Event().wait(0.005)
        for tried in range(TRIES):
            if self._line is None:
                self._line = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
            try:
                return ask(self._line, who, method, path, body, **headers), tried > 0
            except (OSError, http.client.HTTPException, json.JSONDecodeError):
                self._line.close()
                self._line = None
                self._book.lost += 1
                Event().wait(0.01)
        raise Wrong(f"{REFERRALS}{path} is not answered")
