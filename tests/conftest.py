"""What all tests share. ``databases`` and ``seeded`` hold the fixtures of what they are named after."""

from __future__ import annotations

import os
from collections.abc import Iterator
from compileall import compile_dir
from pathlib import Path

import pytest

from directory.config import PREFIX, Settings
from directory.search.warming import warm
from directory.search.wordbook import wordbook
from directory.serving import ROOT

pytest_plugins = [
    "tests.databases",
    "tests.seeded",
    "tests.partner_network",
    "tests.referral_doors",
    "tests.web.referral_desk",
]


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """The search is compiled once, and its words made, before there are several processes that would each do it; the
    code too, which the many processes that tests begin read, also where Python is told to keep none compiled.
    """
    if not hasattr(session.config, "workerinput"):
        compile_dir(ROOT / "directory", quiet=2)
        warm()
        wordbook()


@pytest.fixture(autouse=True, scope="session")
def no_settings_of_this_machine() -> Iterator[None]:
    """The tests see no setting of whoever runs them."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [n for n in os.environ if n.startswith(PREFIX) or n in ("PORT", "WEB_CONCURRENCY")]:
            patch.delenv(name)
        yield


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a house of its own, empty, without rate limits."""
    return Settings(_env_file=None, data_dir=tmp_path / "var", rate_limits="off")
