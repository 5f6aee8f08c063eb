"""docs/referrals.md is asked as it stands: each of its commands is answered, one after the other."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from directory.referrals.clocks import AS_URGENT, SILENT_DAYS, WORKING_DAYS_TO_ANSWER
from directory.referrals.lifecycle import REASON_NEEDED
from directory.referrals.waiting import WHYS
from directory.serving import ROOT
from tests.referral_doors import Doors
from tests.referral_house import CLINIC

GUIDE = (ROOT / "docs" / "referrals.md").read_text("utf-8")
EXAMPLE = (
    "olafiaklinikken"  # a service of the directory that ships, for which the guide's network has another
)


def commands() -> list[str]:
    blocks = [re.sub(r"^    ", "", block, flags=re.M) for block in re.findall(r"(?:^    .*\n)+", GUIDE, re.M)]
    return [c for block in blocks for c in re.split(r"\n(?=curl)", block.strip()) if c.startswith("curl")]


@dataclass
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: str | None


def as_asked(command: str, variables: dict[str, str]) -> Asked:
    """What curl makes of the command, once a shell has put the variables in, which it does in double quotes only."""

    def filled(text: str) -> str:
        text = text.replace("$(uuidgen)", str(uuid4()))
        return re.sub(r"\$([A-Z]+)", lambda name: variables[name[1]], text)

    parts = re.split(r"('[^']*')", command)
    words = iter(shlex.split("".join(p if p.startswith("'") else filled(p) for p in parts))[1:])
    asked = Asked("GET", "", {}, None)
    for word in words:
        if word == "-H":
            name, _, value = next(words).partition(": ")
            asked.headers[name] = value
        elif word == "-X":
            asked.method = next(words)
        elif word == "--json":
            asked.body = next(words)
            asked.headers["Content-Type"] = "application/json"
        else:
            asked.path = word.removeprefix(variables["HOUSE"])
            assert asked.path.startswith("/"), word
    if asked.body is not None and asked.method == "GET":
        asked.method = "POST"
    return asked


def answers(doors: Doors, variables: dict[str, str]) -> Iterator[tuple[str, Any]]:
    client = doors.network.nobody()
    for command in commands():
        asked = as_asked(command.replace(EXAMPLE, CLINIC), variables)
        body = asked.body.encode() if asked.body else None
        response = client.open(asked.path, method=asked.method, data=body, headers=asked.headers)
        assert response.status_code in (200, 201), f"{command}: {response.text}"
        said: Any = response.json
        if "version" in said:
            variables |= {"ID": said["id"], "VERSION": str(said["version"])}
        if "carried" in said:
            variables["CODE"] = said["carried"]["code"]
        yield command, said


def test_what_the_guide_asks_is_answered_from_draft_to_outcome(doors: Doors) -> None:
    variables = {"HOUSE": "http://127.0.0.1:8000"}
    for name, partner in (("TEAM", "sender"), ("CLINIC", "receiver")):
        variables[name] = f"Authorization: {doors.by_key(partner).headers['Authorization']}"
    steps, said = [], None
    for _, said in answers(doors, variables):
        if "status" in said and (not steps or steps[-1] != said["status"]):
            steps.append(said["status"])
    assert steps == [
        *("draft", "requested", "accepted", "in-progress", "on-hold", "in-progress", "completed"),
        *("requested", "accepted"),
    ]
    assert said is not None and said["delivery"] == "carried"


def test_the_example_is_a_service_that_ships() -> None:
    assert f'"{EXAMPLE}"' in GUIDE
    assert EXAMPLE in (ROOT / "seed" / "services.json").read_text("utf-8")


def test_the_guide_names_all_that_needs_a_reason() -> None:
    (said,) = re.findall(r"A reason is needed on (.*?), an outcome on `completed`", GUIDE, re.DOTALL)
    assert set(re.findall(r"`([a-z-]+)`", said)) == REASON_NEEDED


def test_the_guide_tells_the_deadlines_and_every_reason_to_wait_as_they_are() -> None:
    days = re.findall(r"(\d) for `(urgent|soon|routine)`", GUIDE)
    assert {urgency: int(number) for number, urgency in days} == WORKING_DAYS_TO_ANSWER
    (urgent,) = re.findall(r"comes from prison or hospital \((.*?)\) counts as urgent", GUIDE)
    assert set(re.findall(r"`([a-z-]+)`", urgent)) == AS_URGENT
    rows = re.findall(r"^\| `([a-z-]+)` \| (?:sender|receiver|both) \|", GUIDE, re.MULTILINE)
    assert tuple(rows) == WHYS
    assert f"nothing but reading for {SILENT_DAYS} days" in GUIDE
