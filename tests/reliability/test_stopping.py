from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from directory.serving import ROOT

# The house's own settings, but that the parent is told to end while it has a worker that has only just been forked.
CONFIG = f"""
exec(compile(open({str(ROOT / "gunicorn.conf.py")!r}).read(), "gunicorn.conf.py", "exec"))
workers = 1

def post_fork(server, worker):
    os.kill(os.getppid(), signal.{{signal}})
    signal.pause()
"""


@pytest.mark.parametrize("signal", ["SIGINT", "SIGTERM"])
def test_a_worker_that_has_just_been_forked_ends_when_it_is_told_to(tmp_path: Path, signal: str) -> None:
    config = tmp_path / "just_forked.py"
    config.write_text(CONFIG.format(signal=signal), "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "gunicorn", "--config", str(config), "--bind", "127.0.0.1:0"],
        cwd=ROOT,
        env={**os.environ, "VEIVISER_DATA_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    told = done.stdout + done.stderr
    assert "Booting worker" in told
    assert "SIGKILL" not in told, "after its patience, the parent kills who did not hear it"
    assert "Shutting down" in told
