"""The real application in gunicorn, loaded before the fork, so that a worker in the place of one that was killed costs
milliseconds. Otherwise as ``gunicorn.conf.py`` has it, but for what follows the catalogue and for the log.
"""

import gc
import os

from directory.api.rooms import KEY
from tests.referral_doors import REFERRALS

ASKS = "ASKS_BEFORE_ALL_OTHERS"  # in the environment: a key, by which is asked once before the fork

preload_app = True
workers = 2
worker_class = "gthread"
threads = 4
loglevel = "critical"
control_socket_disable = True
wsgi_app = "wsgi:app"


def when_ready(server) -> None:
    app = server.app.callable
    headers = {"Authorization": f"Bearer {os.environ[ASKS]}"}
    assert (
        app.test_client().get(REFERRALS, headers=headers).status_code == 200
    )  # loads what is loaded at need
    app.extensions[KEY].database.close()
    gc.freeze()
