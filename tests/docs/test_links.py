"""Links between our documents lead somewhere. Links to elsewhere are not followed: no test leaves this machine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from directory.serving import ROOT

DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("seed/*.md")]
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def anchors(document: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", document.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_to_something(document: Path) -> None:
    for link in LINK.findall(document.read_text("utf-8")):
        if link.startswith(("https://", "http://", "mailto:")):
            continue
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        assert target.exists(), link
        assert target.is_relative_to(ROOT), link
        if anchor:
            assert anchor in anchors(target), link


def test_a_decision_is_told_in_forty_lines() -> None:
    for decision in ROOT.glob("docs/decisions/*.md"):
        assert len(decision.read_text("utf-8").splitlines()) <= 40, decision.name


def test_no_file_that_ships_names_a_package_index() -> None:
    for path in (ROOT / "requirements.lock", ROOT / "requirements-dev.lock"):
        text = path.read_text("utf-8")
        assert "http:" not in text and "https:" not in text, path.name
        assert "--index" not in text, path.name
        assert text.count("--hash=sha256:") > 100, path.name
