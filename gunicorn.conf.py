"""How the house is served: workers, patience, graceful stop, and logs that hold nothing of a request.

Settings come from ``directory.config``; anything of gunicorn's can be added by GUNICORN_CMD_ARGS.
``kill -HUP`` brings in new code and settings: new workers start, the old ones first finish what they answer.
"""

import gc
import logging
import mmap
import os
import shutil
import signal
import sys
import time
from pathlib import Path

from gunicorn.glogging import Logger
from gunicorn.workers.gthread import ThreadWorker

from directory import sharing
from directory.config import read_settings, refuse_unsafe
from directory.logs import log_to_stdout
from directory.serving import begin_work_anew

settings = refuse_unsafe(read_settings())

bind = f"{settings.host}:{settings.port}"
workers = settings.web_concurrency

# How many connections each worker holds, a byte each by its age, seen by all; _NOBODY where there is no worker.
_NOBODY, _LATER_S, _LATEST_S = 255, 0.001, 0.005
_held = mmap.mmap(-1, 256)
_held[:] = bytes([_NOBODY]) * len(_held)


class EvenHanded(ThreadWorker):
    """Threads keep a slow client, or a slow search, from holding up /health and everybody else.

    Connections are kept, and whoever is awake takes what comes: one worker may get all of them, and the others' cores
    idle. So who holds more than another lets it go first.
    """

    def notify(self) -> None:  # once in each turn
        self._tell()
        super().notify()

    def accept(self, listener) -> None:
        if (more := self.nr_conns - min(_held[:])) > 0:
            time.sleep(min(more * _LATER_S, _LATEST_S))
        super().accept(listener)  # where another has taken it meanwhile, there is nothing to take
        self._tell()

    def _tell(self) -> None:
        _held[self.age % len(_held)] = min(self.nr_conns, _NOBODY - 1)


worker_class = EvenHanded
threads = 4
preload_app = False  # so that HUP brings in new code of ours; see directory.sharing
timeout = 30
graceful_timeout = 20
keepalive = 5
limit_request_line = 8190  # a long sentence in Cyrillic or Arabic takes six characters a letter
limit_request_fields = 60
forwarded_allow_ips = ""  # X-Forwarded-For is read by the application, as TRUSTED_PROXIES says
control_socket_disable = True
proc_name = "veiviser"
wsgi_app = "wsgi:app"
pythonpath = str(Path(__file__).resolve().parent)
accesslog = None  # the application tells about requests, by route template
errorlog = "-"
loglevel = "info"  # "debug" would quote requests

# prometheus_client reads this when it is first imported: each worker keeps its numbers in files there.
_metrics = settings.metrics_dir.absolute()
os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_metrics)


class ServerLog(Logger):
    """gunicorn's own log, as our JSON lines on stdout.

    What gunicorn warns of once a worker takes requests may quote a request or its sender, so only that it
    happened is told. Until then, and in the parent process, there is no request: all is told.
    """

    taking_requests = False

    def setup(self, cfg) -> None:
        super().setup(cfg)
        log_to_stdout(settings.log_level)
        self.error_log.handlers = []
        self.error_log.propagate = True
        self.error_log.filters = [self._without_requests]

    def _without_requests(self, record: logging.LogRecord) -> bool:
        if self.taking_requests and record.levelno >= logging.WARNING:
            record.msg, record.args = "a request could not be read or answered", ()
        return True


logger_class = ServerLog


# A worker that has just been forked still has its parent's handlers, which only note a signal: one that came then would
# be lost, and the parent wait for the worker as long as its patience lasts. So signals to end wait until the fork is
# over, and then end the worker at once, until it has handlers of its own.
_ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)


def _hold() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)


def _release() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)


def _obey() -> None:
    for number in _ENDING:
        signal.signal(number, signal.SIG_DFL)
    _release()


os.register_at_fork(before=_hold, after_in_parent=_release, after_in_child=_obey)


def on_starting(server) -> None:
    settings.ensure_data_dir()
    shutil.rmtree(_metrics, ignore_errors=True)
    _metrics.mkdir(mode=0o700)
    sharing.read(settings)


def on_reload(server) -> None:
    from directory import sharing  # not that of this file's head: it may be an older one

    begin_work_anew()
    if sharing.is_current():
        return
    sharing.forget()
    try:
        from directory import sharing

        sharing.read(settings)
    except Exception:  # each worker will find out by itself, and say so
        server.log.exception("what the workers share cannot be read")


def post_fork(server, worker) -> None:
    from directory import sharing

    # What the parent read may be older than the code that is there now.
    if not sharing.is_current():
        sharing.forget()
    gc.disable()  # until it has begun


def post_worker_init(worker) -> None:
    from directory.api.rooms import KEY
    from directory.search.keeping import keep_following

    rooms = worker.wsgi.extensions[KEY]
    worker.stop_following = keep_following(rooms.upkeep, rooms.searcher.engine, rooms.database, rooms.clock)
    worker.log.taking_requests = True
    sys.setswitchinterval(0.0005)
    # What a worker has by now it keeps; what a request leaves is gone with it, and seldom worth looking for.
    gc.freeze()
    gc.enable()
    gc.set_threshold(10_000, 20, 20)


def worker_exit(server, worker) -> None:
    if stop := getattr(worker, "stop_following", None):
        stop()


def on_exit(server) -> None:
    shutil.rmtree(_metrics, ignore_errors=True)


def child_exit(server, worker) -> None:
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)
    _held[worker.age % len(_held)] = _NOBODY
