"""The demo's model server with a version rolled out at noon, its monitor with probes, and the comparison of both."""

import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml
from fastapi import Request, Response

from demo.api import create_app
from demo.log import Rollout, SimulatedLog
from demo.model import VERSION, trained
from demo.reference import reference
from demo.serving import serving
from demo.traffic import Story
from demo.versions import versions
from modelwatch.config import Monitor, load_monitor
from modelwatch.domain import Connection, Window
from modelwatch.settings import Settings
from modelwatch.steps.redeploy import Redeploy

KEY = "key-of-the-model-api"
NOON = datetime(2026, 11, 10, 12, tzinfo=UTC)
AFTERNOON = Window(NOON, NOON + timedelta(hours=6))
DEMO = Path(__file__).parents[2] / "include" / "monitors" / "fraud.yaml"


@dataclass
class Server:
    """A running model server."""

    url: str
    asked: list[tuple[str, bytes]] = field(default_factory=list)
    n_busy: int = 0
    heard: threading.Condition = field(default_factory=threading.Condition)

    def connect(self, conn_id: str) -> Connection:
        return Connection(conn_id, conn_type="http", host=self.url, password=KEY)


def write_monitor(folder: Path, **probe: object) -> Monitor:
    """The demo's monitor file with probes, and its reference."""
    content = yaml.safe_load(DEMO.read_text(encoding="utf-8"))
    content["probe"] |= {"requests_per_second": 10_000, **probe}
    monitors = folder / "include" / "monitors"
    (monitors / "reference").mkdir(parents=True, exist_ok=True)
    reference().to_parquet(monitors / "reference" / "fraud.parquet", index=False)
    path = monitors / "fraud.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return load_monitor(path)


@contextmanager
def model_server(
    version: str, *, busy_every: int = 0, answers: tuple[int, dict[str, str]] | None = None
) -> Iterator[Server]:
    """The demo's API, whose version is another since noon; every request to `/predict` is noted.

    Args:
        busy_every: every so manieth is answered with 429; 0 for none.
        answers: status and headers that every one is answered with instead.
    """
    log = SimulatedLog(trained(), Story(), Rollout(versions()[version], NOON))
    app = create_app(log, api_key=KEY, rate=1e6, burst=1e6)
    server = Server("")

    @app.middleware("http")
    async def note(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        if request.url.path != "/predict":
            return await call_next(request)
        body = await request.body()
        with server.heard:
            server.asked.append((request.headers.get("x-model-version", VERSION), body))
            server.heard.notify_all()
        if busy_every and len(server.asked) % busy_every == 0:
            server.n_busy += 1
            return Response(status_code=429, headers={"Retry-After": "0"})
        return await call_next(request) if answers is None else Response(status_code=answers[0], headers=answers[1])

    with serving(app) as url:
        server.url = url
        yield server


def comparison(monitor: Monitor, settings: Settings, version: str, *, budget: int, run_id: str = "one") -> Redeploy:
    """The live version against the one since noon."""
    return Redeploy(monitor, version, VERSION, AFTERNOON, run_id, settings, budget)
