from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from directory.config import (
    DEVELOPMENT_ENCRYPTION_KEY,
    DEVELOPMENT_KEY,
    Settings,
    environment_name,
    is_secret,
    read_settings,
    refuse_unsafe,
    unknown_names,
    unsafe,
)
from directory.errors import UnsafeSettings

SOME_KEY, OTHER_KEY = "k" * 43 + "=", "a" * 43 + "="
GOOD = {
    "environment": "production",
    "secret_key": "k" * 43,
    "encryption_keys": SOME_KEY,
    "base_url": "https://help.example.org",
}


def made(**values: object) -> Settings:
    return Settings(_env_file=None, **values)  # type: ignore[arg-type]


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_address_of_an_installation_is_where_it_listens_unless_told() -> None:
    assert made(port=8123).base_url == "http://127.0.0.1:8123"
    assert made(port=8123, base_url="https://help.example.org/").base_url == "https://help.example.org"


def test_a_newcomer_needs_to_set_nothing() -> None:
    assert unsafe(made()) == {}


def test_production_starts_with_real_secrets() -> None:
    settings = made(**GOOD)
    assert refuse_unsafe(settings) is settings


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"secret_key": None}, "VEIVISER_SECRET_KEY"),
        ({"secret_key": "short"}, "VEIVISER_SECRET_KEY"),
        ({"secret_key": DEVELOPMENT_KEY}, "VEIVISER_SECRET_KEY"),
        ({"encryption_keys": None}, "VEIVISER_ENCRYPTION_KEYS"),
        ({"encryption_keys": f"{SOME_KEY},{DEVELOPMENT_ENCRYPTION_KEY}"}, "VEIVISER_ENCRYPTION_KEYS"),
        ({"oidc_issuer": "https://login.example.org"}, "VEIVISER_OIDC_CLIENT_ID"),
        ({"base_url": "http://help.example.org"}, "VEIVISER_BASE_URL"),
        ({"search_backend": "postgres"}, "VEIVISER_SEARCH_BACKEND"),
        ({"geocoder": "nominatim"}, "VEIVISER_GEOCODER_CONTACT"),
    ],
)
def test_production_refuses_what_is_unsafe_and_says_which(change: dict[str, object], named: str) -> None:
    with pytest.raises(UnsafeSettings, match=named) as refused:
        refuse_unsafe(made(**(GOOD | change)))
    assert "short" not in refused.value.detail


def test_encryption_keys_are_read_newest_first_and_there_is_always_one() -> None:
    assert made(encryption_keys=f"{SOME_KEY}, {OTHER_KEY}").all_encryption_keys == (SOME_KEY, OTHER_KEY)
    assert made().all_encryption_keys == (DEVELOPMENT_ENCRYPTION_KEY,)
    for wrong in ("short", "not base 64!", f"{SOME_KEY},"):
        with pytest.raises(ValidationError, match="takes keys of 32 bytes") as refused:
            made(encryption_keys=wrong)
        assert wrong not in str(refused.value)


def test_people_are_not_sent_to_an_issuer_that_is_not_https_elsewhere_than_here() -> None:
    assert made(oidc_issuer="http://127.0.0.1:9000/").oidc_issuer == "http://127.0.0.1:9000"
    for wrong in ("http://login.example.org", "https://u:p@login.example.org", "login"):
        with pytest.raises(ValidationError, match="takes an"):
            made(oidc_issuer=wrong)


def test_production_names_everything_that_is_unsafe_at_once() -> None:
    assert set(unsafe(made(environment="production"))) == {
        "VEIVISER_SECRET_KEY",
        "VEIVISER_ENCRYPTION_KEYS",
        "VEIVISER_BASE_URL",
    }


def test_a_setting_is_read_from_the_environment_and_from_a_file(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (elsewhere / ".env").write_text("VEIVISER_DEFAULT_LANGUAGE=en\nPORT=8123\nVEIVISER_DATA_DIR=here\n")
    monkeypatch.setenv("VEIVISER_DATA_DIR", "there")
    settings = read_settings()
    assert (settings.default_language, settings.port, settings.data_dir) == ("en", 8123, Path("there"))


def test_a_value_that_does_not_fit_is_named_and_not_shown(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT", "hunter2")
    monkeypatch.setenv("VEIVISER_DATABASE_URL", "mysql://root:hunter2@db/x")
    with pytest.raises(UnsafeSettings) as refused:
        read_settings()
    assert "PORT" in refused.value.detail
    assert "VEIVISER_DATABASE_URL" in refused.value.detail
    assert "hunter2" not in refused.value.detail
    assert "VEIVISER_BASE_URL" not in refused.value.detail


@pytest.mark.parametrize("value", ["off", "1/second", "120/10 second;1200/10 minute"])
def test_a_rate_limit_is_off_or_numbers_over_times(value: str) -> None:
    assert made(rate_limits=value).rate_limits == value


@pytest.mark.parametrize("value", ["lots", "0/second", "10", "10/fortnight", "10/second;"])
def test_what_is_no_rate_limit_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="rate_limits"):
        made(rate_limits=value)


def test_secrets_are_not_shown() -> None:
    settings = made(secret_key="hunter2", database_url="postgresql+psycopg://u:hunter2@h/d")
    assert "hunter2" not in f"{settings!r} {settings}"
    assert settings.signing_key == "hunter2"
    assert settings.database.endswith("hunter2@h/d")
    shown = {name for name, info in Settings.model_fields.items() if is_secret(info)}
    assert shown == {"secret_key", "database_url", "encryption_keys", "oidc_client_secret", "smtp_url"}


def test_the_database_is_sqlite_in_the_data_directory_unless_told() -> None:
    assert made(data_dir="some").database == f"sqlite:///{Path('some').absolute()}/directory.db"


def test_the_data_directory_is_ours_alone(tmp_path: Path) -> None:
    folder = made(data_dir=tmp_path / "a" / "b").ensure_data_dir()
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_misspelt_setting_is_found(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (elsewhere / ".env").write_text("# a note\nexport VEIVISER_BASEURL=x\nVEIVISER_BASE_URL=http://a\n")
    monkeypatch.setenv("VEIVISER_PROT", "1")
    assert unknown_names() == ["VEIVISER_BASEURL", "VEIVISER_PROT"]


def test_a_name_in_the_environment_has_our_prefix_but_for_those_that_hosts_set() -> None:
    names = {environment_name(field) for field in Settings.model_fields}
    assert {name for name in names if not name.startswith("VEIVISER_")} == {"PORT", "WEB_CONCURRENCY"}
