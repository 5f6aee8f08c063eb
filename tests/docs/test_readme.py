"""README.md cannot lie: what it names exists, and what exists it names."""

from __future__ import annotations

import re
import subprocess

import click
from flask import Flask

from directory.cli import main
from directory.config import Settings, environment_name, is_secret
from directory.serving import ROOT

README = (ROOT / "README.md").read_text("utf-8")
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")


def settings_table() -> str:
    """The table of settings as README.md must have it: made from the class."""
    lines = ["| name | default | meaning |", "| --- | --- | --- |"]
    for field, info in Settings.model_fields.items():
        default = (
            ""
            if info.default is None or info.default_factory
            else f"`{str(info.default).lower() if info.default is False else info.default}`"
        )
        secret = " (secret)" if is_secret(info) else ""
        lines.append(f"| `{environment_name(field)}` | {default} | {info.description}{secret} |")
    return "\n".join(lines)


def test_the_table_of_settings_is_that_of_the_class() -> None:
    expected = settings_table()
    assert expected in README, f"README.md must have:\n\n{expected}"


def test_every_setting_says_what_it_does() -> None:
    for field, info in Settings.model_fields.items():
        assert info.description and len(info.description) > 10, field
        assert "|" not in info.description, field


def test_no_document_names_a_setting_that_does_not_exist() -> None:
    known = {environment_name(field) for field in Settings.model_fields}
    for path in [ROOT / "README.md", ROOT / ".env.example", *ROOT.glob("docs/**/*.md")]:
        named = set(re.findall(r"\bVEIVISER_[A-Z_]+\b", path.read_text("utf-8")))
        assert named <= known, path.name


def commands(group: click.Group = main, before: str = "") -> set[str]:
    found: set[str] = set()
    for name, command in group.commands.items():
        found |= (
            commands(command, f"{before}{name} ") if isinstance(command, click.Group) else {before + name}
        )
    return found


def test_every_command_is_named_and_every_command_that_is_named_exists() -> None:
    named = set(re.findall(r"^\| `veiviser ([a-z -]+)`", README, re.MULTILINE))
    assert named == commands()


def test_no_document_names_a_command_that_does_not_exist() -> None:
    first = {command.split()[0] for command in commands()}
    for path in [ROOT / "README.md", ROOT / "Procfile", ROOT / ".env.example", *ROOT.glob("docs/**/*.md")]:
        for said in re.findall(r"`veiviser ([^`]*)`|directory\.cli (.*)", path.read_text("utf-8")):
            words = "".join(said).split()
            assert words[0] in first | {"--help"}, f"{path.name}: veiviser {' '.join(words)}"


def test_every_command_says_what_it_does() -> None:
    def walk(group: click.Group) -> None:
        for name, command in group.commands.items():
            assert command.help, name
            if isinstance(command, click.Group):
                walk(command)

    walk(main)


def targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))


def test_every_target_of_make_has_help_and_is_shown_by_it() -> None:
    told = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert set(re.findall(r"^  make ([a-z]+) +\S", told, re.MULTILINE)) == targets()


def test_a_document_names_only_targets_of_make_that_exist() -> None:
    for path in [ROOT / "README.md", *ROOT.glob("docs/**/*.md")]:
        assert set(re.findall(r"`make ([a-z]+)", path.read_text("utf-8"))) <= targets(), path.name


def test_the_commands_that_continuous_integration_runs_are_those_of_the_readme() -> None:
    run = (ROOT / ".ci" / "run").read_text("utf-8")
    for command in re.findall(r"^make .*", run, re.MULTILINE):
        assert re.search(rf"^ *{command}$", README, re.MULTILINE), command


def test_what_the_readme_asks_with_curl_is_answered(directory_app: Flask) -> None:
    client = directory_app.test_client()
    asked = re.findall(r"curl '?http://127\.0\.0\.1:8000([^\s']+)", README)
    assert len(asked) >= 2
    for path in asked:
        assert client.get(path).status_code == 200, path


def test_what_the_licences_of_the_data_want_shown_is_shown(directory_app: Flask) -> None:
    for wanted in (
        "https://www.erikbolstad.no/postnummer/",
        "https://www.openstreetmap.org/copyright",
        "https://www.geonames.org/",
        "https://github.com/dr5hn/countries-states-cities-database",
        "Kartverket",
    ):
        assert wanted in README, wanted
        assert wanted in directory_app.test_client().get("/api/openapi.json").text, wanted
