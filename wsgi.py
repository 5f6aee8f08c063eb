"""What a WSGI server serves: ``gunicorn wsgi:app``."""

import gc

from directory import create_app
from directory.config import read_settings
from directory.logs import log_to_stdout

settings = read_settings()
log_to_stdout(settings.log_level)
app = create_app(settings)
gc.freeze()  # words and places by the ten thousand, which live as long as the process: nobody looks through them again
