"""What the house tells about itself: a log line a request, metrics, /health, /ready. Never what a person typed.

A request is told by its route template, method, status, time taken and an id of ours: not its path, query,
body, headers or sender. ``logs`` says what a line looks like.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import orjson
import prometheus_client as prometheus
from flask import Blueprint, Flask, Response, current_app, request
from prometheus_client import multiprocess, values

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)

METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
NO_ROUTE = "(none)"
ROUTE = "veiviser.route"  # in a request's environment: the template of the route that answers

REQUESTS = prometheus.Counter("veiviser_requests", "Requests answered", ["route", "method", "status"])
REQUEST_SECONDS = prometheus.Histogram(
    "veiviser_request_seconds",
    "Time to answer",
    ["route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
SEARCH_SECONDS = prometheus.Histogram(
    "veiviser_search_seconds",
    "Time to search, without reading the request or sending the answer",
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)
INDEX_GENERATION = prometheus.Gauge(
    "veiviser_index_generation", "The newest generation of the index in use", multiprocess_mode="livemax"
)


class timed_search:
    """Measures one search for the metrics; not one that fails."""

    __slots__ = ("_began",)

    def __enter__(self) -> None:
        self._began = time.perf_counter()

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        if kind is None:
            SEARCH_SECONDS.observe(time.perf_counter() - self._began)


@dataclass(frozen=True, slots=True)
class Check:
    """Something that must work before requests are sent here, or, unless ``needed``, should.

    ``run`` returns None, or tells in a few words what is wrong (in public: no path, no address, no data). What
    it raises counts as wrong.
    """

    name: str
    run: Callable[[], str | None]
    needed: bool = True


@dataclass(frozen=True, slots=True)
class Watch:
    """How an application is watched: the checks of /ready, and the generation of its index."""

    checks: tuple[Check, ...]
    generation: Callable[[], int]


blueprint = Blueprint("observability", __name__)


def register(app: Flask, watch: Watch) -> None:
    """Register this last: what stands outermost has the last word on an answer, and so times all of it."""
    app.extensions["veiviser-watch"] = watch
    app.register_blueprint(blueprint)

    def name() -> None:
        if request.url_rule:
            request.environ[ROUTE] = request.url_rule.rule

    app.before_request(name)
    app.wsgi_app = told(app.wsgi_app)  # type: ignore[assignment, method-assign]


def told(application: WSGIApplication) -> WSGIApplication:
    """``application``, of whose answers is told by what stands under ROUTE in the request's environment."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        began = time.perf_counter()
        identity = os.urandom(8).hex()

        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Callable[[bytes], object]:
            seconds = time.perf_counter() - began
            route, method = environ.get(ROUTE, NO_ROUTE), environ["REQUEST_METHOD"]
            _tell(route, method if method in METHODS else "other", int(status[:3]), seconds, identity)
            return start_response(status, [*headers, ("X-Request-Id", identity)], *error)

        return application(environ, start)

    return answer


def _tell(route: str, method: str, status: int, seconds: float, identity: str) -> None:
    count, observe = _measures(route, method, status)
    count()
    observe(seconds)
    if log.isEnabledFor(logging.INFO):
        ms = round(seconds * 1000, 1)
        told = {"route": route, "method": method, "status": status, "ms": ms, "request_id": identity}
        log.info("request", extra=told)


@lru_cache(maxsize=1024)
def _measures(route: str, method: str, status: int) -> tuple[Callable[[], None], Callable[[float], None]]:
    """What counts such requests, and what takes their seconds: finding them takes longer than counting."""
    return REQUESTS.labels(route, method, status).inc, REQUEST_SECONDS.labels(route).observe


@blueprint.get("/health")
def health() -> Response:
    """The process is up. Asks nothing of anyone."""
    return _json({"status": "ok"}, 200)


@blueprint.get("/ready")
def ready() -> Response:
    """200 when a search sent here would be answered, found out by searching; else 503; with each component.

    ``degraded`` is 200 too: searches are answered, from what was there before.
    """
    watch: Watch = current_app.extensions["veiviser-watch"]
    components = []
    for check in watch.checks:
        try:
            wrong = check.run()
        except Exception as error:
            log.error("a check failed", extra={"component": check.name}, exc_info=error)
            wrong = "does not answer"
        state = "ok" if not wrong else "failing" if check.needed else "degraded"
        components.append({"name": check.name, "state": state})
        if wrong:
            components[-1]["detail"] = wrong
    states = {component["state"] for component in components}
    status = "not-ready" if "failing" in states else "degraded" if "degraded" in states else "ready"
    return _json({"status": status, "components": components}, 503 if "failing" in states else 200)


@blueprint.get("/metrics")
def metrics() -> Response:
    """Prometheus's text format, over all workers."""
    watch: Watch = current_app.extensions["veiviser-watch"]
    INDEX_GENERATION.set(watch.generation())
    registry: prometheus.CollectorRegistry = prometheus.REGISTRY
    if (
        values.ValueClass is not values.MutexValue
    ):  # several workers, each of which keeps its numbers in files
        registry = prometheus.CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)
    return Response(prometheus.generate_latest(registry), content_type=prometheus.CONTENT_TYPE_LATEST)


def _json(body: dict[str, Any], status: int) -> Response:
    return Response(orjson.dumps(body), status, mimetype="application/json")
