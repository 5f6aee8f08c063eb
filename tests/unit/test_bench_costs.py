"""The bench's figures of growth, memory and the whole build are those of what they name, and goals are judged right."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.bench import __main__ as bench
from tests.bench import building, density
from tests.bench.asked import NARROW, NEAR, NEED, Facts, questions
from tests.bench.generator import CHUNK
from tests.bench.memory import held, processes
from tests.bench.peers_veiviser import Veiviser
from tests.bench.report import Goal, goal_table


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    sizes = (density.SMALLEST, density.SMALLEST + 500)
    return density.measure(tmp_path_factory.mktemp("density"), sizes, peers=(Veiviser,), number=4, warm_up=1)


def test_what_is_added_far_away_changes_no_answer_near_a_place(grown: dict[str, Any]) -> None:
    assert grown["disagreements"] == []
    assert not bench.is_void({"near": grown})
    told = str(density.table(grown))
    assert all(kind in told for kind in (NARROW, NEAR, NEED))
    assert "VOID" not in told


def test_the_goal_of_growth_is_the_largest_beside_the_smallest(grown: dict[str, Any]) -> None:
    times = {str(size): {"median_ms": 1.0 + at, "p95_ms": 9.0} for at, size in enumerate(grown["sizes"])}
    found = {**grown, "engines": {Veiviser.name: dict.fromkeys(density.KINDS, times)}}
    assert [goal.measured for goal in density.goals(found)] == [2.0] * 3
    assert all(goal.met for goal in density.goals(found))
    assert density.goals({**found, "sizes": grown["sizes"][:1]}) == []


def test_every_further_thousand_stands_far_from_the_first() -> None:
    world = density.Scattered()
    services = list(world.services(3 * CHUNK))
    asked = questions(world, NEAR, 20)
    near, all_of_them = Facts(services[:CHUNK], asked), Facts(services, asked)
    assert [near.right(question) for question in asked] == [all_of_them.right(question) for question in asked]
    assert any(near.right(question)[0] for question in asked)
    assert all(-180 <= s.lon < -60 or s.lon > 60 for s in services[CHUNK:] if s.lon is not None)


def test_memory_is_that_of_the_processes_that_bear_the_mark() -> None:
    mark = f"BENCH_MARK={os.getpid()}"
    name, _, value = mark.partition("=")
    program = "held = bytearray(30_000_000); print('ready', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", program], env={**os.environ, name: value}, text=True, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        assert processes(mark) == {process.pid: os.getpid()}
        found = held(process.pid)
        assert 30_000_000 < found.private <= found.shared_out < 60_000_000
        process.communicate("\n")
    assert processes(mark) == {}


def test_a_build_that_fails_is_no_figure(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="not at this version"):
        building.rebuild(tmp_path)


def test_a_build_is_judged_by_its_rate_its_memory_and_its_worker() -> None:
    worker = {"workers": 2, "private_bytes": 1, "bytes": 140_000_000}
    found = {"services_per_s": 1400.0, "peak_bytes": 2_900_000_000, "worker": worker}
    large = building.goals([{**found, "size": 1_000_000}])
    assert [goal.met for goal in large] == [False, True]
    assert [goal.met for goal in building.goals([{**found, "size": 100_000}])] == [False, True, True]
    assert [goal.met for goal in building.goals([{**found, "size": 1_000}])] == [True, True]


def test_a_goal_is_met_at_its_limit_and_the_table_says_so() -> None:
    goals = [Goal("slow", 2.0, 2.0), Goal("rate", 10.0, 10.0, at_most=False), Goal("worse", 2.1, 2.0)]
    assert [goal.met for goal in goals] == [True, True, False]
    lines = str(goal_table(goals)).splitlines()
    assert [line.rpartition("  ")[2].strip() for line in lines[3:6]] == ["met", "met", "NOT met"]


def test_the_conclusion_tells_of_each_part_that_ran_and_of_none_that_failed(grown: dict[str, Any]) -> None:
    told = bench.conclusion({"machine": {}, "near": grown, "speed": {"failed": "no disk"}})
    assert "Near a place" in told
    assert "times as long" in told.partition("Goals")[2]
