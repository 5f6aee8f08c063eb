"""Every setting: name, type, default, help, whether it is a secret. Read from the environment (``VEIVISER_…``) and ``.env``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

SEED_DIR = Path(__file__).resolve().parent.parent / "seed"


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="VEIVISER_", env_file=".env", extra="ignore", frozen=True)

    environment: Literal["development", "production"] = Field("development", description="")
    data_dir: Path = Field(Path("var"), description="")
    database_url: str | None = Field(None, description="")
    search_backend: Literal["whoosh", "postgres"] = Field("whoosh", description="")
    secret_key: SecretStr | None = Field(None, description="")
    base_url: str = Field("http://127.0.0.1:8000", description="")
    default_language: str = Field("nb", description="")
    geocoder: Literal["off", "nominatim"] = Field("off", description="")
