"""What a WSGI server serves: ``gunicorn wsgi:app``."""

from directory import create_app
from directory.config import read_settings
from directory.logs import log_to_stdout

settings = read_settings()
log_to_stdout(settings.log_level)
app = create_app(settings)
