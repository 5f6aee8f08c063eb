"""gunicorn's settings for ``hello``: those that the house is served with, without what looks after the house."""

from pathlib import Path
from runpy import run_path

_served = run_path(str(Path(__file__).resolve().parents[2] / "gunicorn.conf.py"))
globals().update(
    {name: value for name, value in _served.items() if isinstance(value, (int, str)) and name[0] != "_"}
)
wsgi_app = "tests.bench.hello:app"
loglevel = "error"
