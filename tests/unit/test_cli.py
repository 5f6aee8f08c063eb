from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner, Result

from directory import serving, standing
from directory.cli import main
from directory.config import SEED_DIR, Settings, read_settings
from directory.database import latest
from directory.serving import ROOT


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data directory of its own that the commands are told of, away from any .env."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VEIVISER_DATA_DIR", str(tmp_path / "var"))
    yield tmp_path / "var"


class Served(NamedTuple):
    data_dir: Path
    told: str


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Served:
    """What ``serve`` made of nothing, once for all tests, and what it said. Not to be written to."""
    folder = tmp_path_factory.mktemp("served")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("VEIVISER_DATA_DIR", str(folder / "var"))
        patch.setenv("PORT", str(_free_port()))
        patch.setattr(serving, "become_server", lambda: None)
        told = well("serve", "--no-worker")
    return Served(folder / "var", told)


@pytest.fixture
def prepared(data_dir: Path, served: Served, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data directory as ``serve`` leaves it, with nothing left to prepare."""
    monkeypatch.setattr(serving, "become_server", lambda: None)
    monkeypatch.setenv("PORT", str(_free_port()))
    shutil.copytree(served.data_dir, data_dir)
    settings = read_settings()
    assert not serving.is_prepared(settings), "another file of the same content"
    serving.mark_prepared(settings)
    assert serving.is_prepared(settings)
    return data_dir


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def well(*arguments: str) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result.output


def one_line(result: Result) -> str:
    """What a failed command said, which must be a line and no traceback."""
    assert result.exit_code == 1
    assert result.exception is None or isinstance(result.exception, SystemExit)
    lines = [line for line in result.output.strip().splitlines() if not line.endswith("…")]
    assert len(lines) == 1, result.output
    return lines[0]


def test_from_nothing_to_a_sound_directory_command_by_command(data_dir: Path) -> None:
    assert "empty" in one_line(run("db", "current"))
    well("db", "upgrade")
    assert well("db", "current").strip() == latest()
    assert "423 services" in well("seed")
    assert run("index", "check").exit_code == 1
    assert "services in the index" in well("index", "rebuild")
    assert "sound" in well("index", "check")
    assert "0 services taken up" in well("index", "catch-up")
    assert "0 changed" in well("seed")
    assert "missing" not in well("doctor")


def test_a_command_that_needs_the_tables_says_how_to_make_them(data_dir: Path) -> None:
    for command in (["seed"], ["index", "rebuild"], ["index", "catch-up"], ["index", "check"]):
        assert "veiviser db upgrade" in one_line(run(*command))


def test_all_of_it_can_be_repeated(prepared: Path) -> None:
    well("db", "upgrade")
    assert "0 changed" in well("seed")
    assert "services in the index" in well("index", "rebuild")
    assert "sound" in well("index", "check")


def test_doctor_names_what_is_missing_step_by_step(data_dir: Path, served: Served) -> None:
    assert "data directory" in run("doctor").output
    assert not data_dir.exists(), "doctor changes nothing"
    data_dir.mkdir(mode=0o700)
    assert "veiviser db upgrade" in run("doctor").output
    well("db", "upgrade")
    assert "veiviser seed" in run("doctor").output
    shutil.rmtree(data_dir)
    shutil.copytree(served.data_dir, data_dir, ignore=shutil.ignore_patterns("index", "prepared"))
    result = run("doctor")
    assert "missing" in result.output
    assert "search index" in result.output
    assert result.exit_code == 1


def test_doctor_names_what_is_unsafe_and_shows_no_secret(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VEIVISER_ENVIRONMENT", "production")
    monkeypatch.setenv("VEIVISER_SECRET_KEY", "hunter2")
    monkeypatch.setenv("VEIVISER_SECRET", "hunter2")
    data_dir.mkdir(mode=0o755)
    data_dir.chmod(0o755)
    result = run("doctor")
    assert result.exit_code == 1
    unsafe = {line.split()[1] for line in result.output.splitlines() if line.startswith("unsafe")}
    assert unsafe == {
        "VEIVISER_SECRET_KEY",
        "VEIVISER_ENCRYPTION_KEYS",
        "VEIVISER_BASE_URL",
        "VEIVISER_SECRET",
        "data",
    }
    assert "hunter2" not in result.output


def test_a_command_in_production_without_secrets_says_which(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VEIVISER_ENVIRONMENT", "production")
    for command in (["seed"], ["serve"], ["db", "upgrade"], ["index", "rebuild"]):
        said = one_line(run(*command))
        assert "VEIVISER_SECRET_KEY" in said
        assert "VEIVISER_BASE_URL" in said
    assert not data_dir.exists()


def test_a_database_that_does_not_answer_is_one_line_without_its_password(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VEIVISER_DATABASE_URL", "postgresql+psycopg://u:hunter2@127.0.0.1:1/none")
    said = one_line(run("seed"))
    assert "the database cannot be used" in said
    assert "hunter2" not in said
    assert "hunter2" not in run("doctor").output


def test_a_data_directory_that_cannot_be_made_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VEIVISER_DATA_DIR", str(tmp_path / "file" / "var"))
    assert "file" in one_line(run("db", "upgrade"))


def test_a_port_that_is_taken_is_one_line(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setenv("PORT", str(taken.getsockname()[1]))
        assert "PORT" in one_line(run("serve"))


def test_serve_brings_everything_up_to_date_and_a_second_time_does_nothing(
    data_dir: Path, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Preparing the database" in served.told
    assert "Building the search index" in served.told
    times: list[bool] = []
    monkeypatch.setattr(serving, "become_server", lambda: times.append(True))
    monkeypatch.setenv("PORT", str(_free_port()))
    monkeypatch.setenv("VEIVISER_DATA_DIR", str(served.data_dir))
    assert "sound" in well("index", "check")
    again = well("serve", "--no-worker")
    assert "Serving on" in again
    assert "Preparing the database" not in again
    assert "Building the search index" not in again
    assert times == [True]


def test_an_index_that_was_thrown_away_is_made_again_by_serve(prepared: Path) -> None:
    for path in sorted((prepared / "index").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    assert "Building the search index" in well("serve", "--no-worker")
    assert "sound" in well("index", "check")


def test_a_database_that_was_thrown_away_is_made_again_by_serve(prepared: Path) -> None:
    for path in prepared.glob("directory.db*"):
        path.unlink()
    assert "Preparing the database" in well("serve", "--no-worker")
    assert "sound" in well("index", "check")


def test_a_start_with_nothing_to_do_asks_no_database(
    data_dir: Path, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VEIVISER_DATA_DIR", str(served.data_dir))
    settings = read_settings()
    assert serving.is_prepared(settings)
    assert not serving.is_prepared(settings.model_copy(update={"database_url": "postgresql+psycopg://h/d"}))
    assert not serving.is_prepared(settings.model_copy(update={"geocoder": "nominatim"}))
    monkeypatch.setattr(serving, "SEED_DIR", data_dir / "metrics")
    assert not serving.is_prepared(settings), "another seed"


def test_of_postgresql_nothing_is_taken_for_granted(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path, database_url="postgresql+psycopg://h/d")
    settings.index_dir.mkdir()
    (settings.index_dir / "something").touch()
    serving.mark_prepared(settings)
    assert not serving.is_prepared(settings)


def test_an_index_of_other_needs_is_not_current(prepared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standing, "listing_fingerprint", lambda: "another")
    (prepared / "prepared").unlink()
    assert "Building the search index" in well("serve", "--no-worker")


def test_whoever_reads_may_leave_early(data_dir: Path) -> None:
    command = [sys.executable, "-m", "directory.cli", "db", "current"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as told:
        assert told.stdout and told.stderr
        told.stdout.close()  # as `head` does
        assert told.stderr.read() == b""


def test_help_answers_without_loading_the_house() -> None:
    loaded = (
        "import sys; from directory.cli import main; main(['--help'], standalone_mode=False); "
        "print([m for m in ('flask', 'sqlalchemy', 'numpy', 'pydantic') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", loaded], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def test_the_seed_ships_beside_the_package() -> None:
    assert (SEED_DIR / "services.json").is_file()
    assert Settings(_env_file=None).data_dir == Path("var")
