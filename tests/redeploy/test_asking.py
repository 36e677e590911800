"""Asking the demo's model server: within the cap, resumed after a kill without asking twice, and out of its log."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from demo.model import VERSION
from modelwatch.config import Monitor
from modelwatch.domain import Window
from modelwatch.errors import SourceAuthError, SourceConfigError
from modelwatch.settings import Settings
from modelwatch.sources import open_source
from modelwatch.steps.probing import ask_probes
from modelwatch.steps.redeploy import compare_traffic
from modelwatch.steps.redeploy_verdict import judge_redeploy
from modelwatch.store import engine
from support.redeploys import Server, comparison, model_server, write_monitor

BUDGET = 60
FOR_EVER = 1e6
ASK = """
import sys
from pathlib import Path
from modelwatch.config import load_monitor
from modelwatch.settings import Settings
from modelwatch.steps.probing import ask_probes
from support.redeploys import Server, comparison
path, home, database, url = sys.argv[1:]
settings = Settings(Path(home), Path(home), (Path(home) / "samples").as_uri(), database)
ask_probes(comparison(load_monitor(Path(path)), settings, "sensitive", budget=60), Server(url).connect, seconds=1e6)
"""


def test_a_new_version_is_judged_on_traffic_and_answers(monitor: Monitor, settings: Settings) -> None:
    with model_server("sensitive") as server:
        one = comparison(monitor, settings, "sensitive", budget=300)
        compare_traffic(one, server.connect)
        assert ask_probes(one, server.connect, seconds=FOR_EVER)
        document = judge_redeploy(one, notify=False)
        again = judge_redeploy(one, notify=False)
    assert document == again
    assert document["verdict"] == "unfair"
    assert any("gender" in f"{one['feature']} {one['group']}" for one in document["findings"])
    assert document["traffic"]["verdict"] in ("ok", "warning", "alert")
    assert document["requests"] == {"budget": 300, "sent": 300, "lost": 0}
    assert len(server.asked) == 300
    assert {version for version, _ in server.asked} == {VERSION, "sensitive"}


def test_a_killed_run_goes_on_and_asks_nothing_twice(monitor: Monitor, settings: Settings) -> None:
    with model_server("sensitive") as server:
        one = comparison(monitor, settings, "sensitive", budget=BUDGET)
        compare_traffic(one, server.connect)
        _killed_after(20, monitor, settings, server)
        n_before = len(server.asked)
        assert ask_probes(one, server.connect, seconds=FOR_EVER)
        document = judge_redeploy(one, notify=False)
    with engine.session(settings.database_url) as session:
        keys = session.scalars(sa.text("SELECT key FROM redeploy_answer WHERE sent = 1")).all()
    assert 20 <= n_before < BUDGET
    assert document["requests"]["sent"] == BUDGET
    assert document["requests"]["lost"] <= 1
    # One request for each key, but for one that the kill may have stopped before it was on its way.
    assert len(keys) == BUDGET
    assert len(keys) - 1 <= len(server.asked) <= len(keys)


def _killed_after(n: int, monitor: Monitor, settings: Settings, server: Server) -> None:
    """Ask in another process and kill it when the server has been asked so often."""
    command = [sys.executable, "-c", ASK, monitor.path, settings.home, settings.database_url, server.url]
    folders = [str(Path(__file__).parents[2] / "include"), str(Path(__file__).parents[1])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(folders)}
    with subprocess.Popen([str(part) for part in command], env=environment) as process:
        with server.heard:
            assert server.heard.wait_for(lambda: len(server.asked) >= n, timeout=60)
        process.send_signal(signal.SIGKILL)


def test_the_cap_is_never_passed_however_often_it_is_tried(monitor: Monitor, settings: Settings) -> None:
    with model_server("same") as server:
        one = comparison(monitor, settings, "same", budget=BUDGET)
        compare_traffic(one, server.connect)
        for _ in range(3):
            assert ask_probes(one, server.connect, seconds=FOR_EVER)
    assert len(server.asked) <= BUDGET


def test_a_pause_that_the_api_asks_for_is_kept_and_counts(monitor: Monitor, settings: Settings) -> None:
    with model_server("same", busy_every=15) as server:
        one = comparison(monitor, settings, "same", budget=BUDGET)
        compare_traffic(one, server.connect)
        assert ask_probes(one, server.connect, seconds=FOR_EVER)
        document = judge_redeploy(one, notify=False)
    assert len(server.asked) == document["requests"]["sent"] == BUDGET
    assert server.n_busy == 4


def test_a_slice_of_time_ends_and_the_next_one_goes_on(monitor: Monitor, settings: Settings) -> None:
    with model_server("same") as server:
        one = comparison(monitor, settings, "same", budget=BUDGET)
        compare_traffic(one, server.connect)
        slices = 1
        while not ask_probes(one, server.connect, seconds=0.3):
            slices += 1
    assert slices > 1
    assert len(server.asked) == BUDGET


def test_probes_stay_out_of_the_log_that_samples_are_drawn_from(monitor: Monitor, settings: Settings) -> None:
    with model_server("same") as server:
        one = comparison(monitor, settings, "same", budget=50)
        compare_traffic(one, server.connect)
        ask_probes(one, server.connect, seconds=FOR_EVER)
        connection = server.connect("fraud_api")
        now = datetime.now(UTC)
        source = open_source(monitor.source, monitor.schema(), connection, timezone=monitor.tzinfo)
        pages = list(source.pages(Window(now - timedelta(minutes=5), now)))
    ids = [value for page in pages for value in page.rows["request_id"].to_pylist()]
    assert all("-" in value for value in ids)  # those of the simulated traffic; a posted one has none


def test_two_versions_that_refuse_everything_are_not_the_same(monitor: Monitor, settings: Settings) -> None:
    with model_server("same", answers=(422, {})) as server:
        one = comparison(monitor, settings, "same", budget=200)
        compare_traffic(one, server.connect)
        assert ask_probes(one, server.connect, seconds=FOR_EVER)
        document = judge_redeploy(one, notify=False)
    assert document["requests"]["sent"] == len(server.asked) == 200
    assert document["verdict"] == "insufficient"
    assert "both versions answered 0 of" in document["reason"]


def test_nothing_is_asked_unless_the_monitor_file_allows_it(tmp_path: Path, settings: Settings) -> None:
    monitor = write_monitor(tmp_path, enabled=False)
    with model_server("threshold") as server:
        one = comparison(monitor, settings, "threshold", budget=BUDGET)
        compare_traffic(one, server.connect)
        assert ask_probes(one, server.connect, seconds=FOR_EVER)
        document = judge_redeploy(one, notify=False)
    assert server.asked == []
    assert document["probes"] is None
    assert document["verdict"] in ("same", "changed")


@pytest.mark.parametrize(
    ("status", "headers", "error", "said"),
    [
        (401, {}, SourceAuthError, "refused the credentials of connection 'fraud_probe'"),
        (404, {}, SourceConfigError, "check probe.path"),
        (302, {"Location": "http://127.0.0.1:1/elsewhere"}, SourceConfigError, "HTTP 302"),
    ],
)
def test_a_wrong_endpoint_is_asked_once_and_said(
    monitor: Monitor, settings: Settings, status: int, headers: dict[str, str], error: type[Exception], said: str
) -> None:
    with model_server("same", answers=(status, headers)) as server:
        one = comparison(monitor, settings, "same", budget=50)
        compare_traffic(one, server.connect)
        with pytest.raises(error, match=said):
            ask_probes(one, server.connect, seconds=FOR_EVER)
    assert len(server.asked) == 1
