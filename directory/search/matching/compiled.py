"""The search's inner loops as machine code: compiled by numba, once for each version of their source.

What is compiled is kept beside the source, or in the user's own cache folder where that can't be written. numba only
looks at the file a function stands in, though what it calls is compiled into it: so the folder's name is made of all
of these files, and a change in any of them compiles anew (some twenty seconds, at the next start).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from shutil import rmtree
from typing import Any, TypeVar, cast

import numba

_HERE = Path(__file__).parent
SOURCES = (
    "classifying.py",
    "counting.py",
    "curve.py",
    "ellipsoid.py",
    "evaluation.py",
    "gathering.py",
    "handing.py",
    "layout.py",
    "narrowing.py",
    "ordering.py",
    "placing.py",
    "prospecting.py",
    "ranking.py",
    "sifting.py",
    "sphere.py",
)
_njit: Any = numba.njit
_OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy"}
Function = TypeVar("Function", bound=Callable[..., Any])


def _folder() -> Path:
    digest = sha256()
    for name in SOURCES:
        digest.update((_HERE / name).read_bytes())
    beside = _HERE / "__pycache__"
    beside.mkdir(exist_ok=True) if os.access(_HERE, os.W_OK) else None
    user = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "veiviser"
    kept = beside if os.access(beside, os.W_OK) else user
    folder = kept / f"compiled-{digest.hexdigest()[:16]}"
    if not folder.exists():
        for other in kept.glob("compiled-*"):  # of versions that are gone
            rmtree(other, ignore_errors=True)
    return folder


if not os.environ.get("NUMBA_CACHE_DIR"):
    numba.config.CACHE_DIR = str(_folder())  # type: ignore[attr-defined]


def compiled(function: Function) -> Function:
    """For functions of numbers, arrays and named tuples of arrays; other threads run meanwhile. Division by zero gives
    what it gives in numpy."""
    _refuse_unknown(function)
    return cast(Function, _njit(**_OPTIONS)(function))


def inner(function: Function) -> Function:
    """``compiled``, for what makes no array but goes through those of its caller. References to arrays are not counted
    in it: to count them costs more than most of what is done for a document."""
    _refuse_unknown(function)
    return cast(Function, _njit(**_OPTIONS, _nrt=False)(function))


def _refuse_unknown(function: Callable[..., Any]) -> None:
    if Path(function.__code__.co_filename).name not in SOURCES:
        raise AssertionError(f"{function.__code__.co_filename} is not among the sources of what is compiled")
