"""`make demo` with one day: the real scheduler, API server and Dag processor, on free ports in a home of its own.

While it runs a deploy pipeline has a new version of the model compared, with the commands of docs/redeploy.md.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest

from local.environment import base_environment
from local.home import Home, LocalError, load_secrets
from local.ports import Ports, require_free
from modelwatch.store import engine, redeploys, repository
from modelwatch.store.repository import LoadedEvaluation
from support.pipeline import Pipeline

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e")]

DEMO_SECONDS = 400
# A version that is not deterministic, which a small budget suffices to see.
DEPLOYMENT = {
    "OLD": "fraud-2026.1",
    "NEW": "noisy",
    "SINCE": f"{datetime.now(UTC) - timedelta(hours=2):%Y-%m-%dT%H:%M:%SZ}",
    "REQUESTS": "300",
}


@dataclass(frozen=True)
class Demo:
    home: Path
    output: Path
    environ: Mapping[str, str]
    returncode: int
    printed: str
    pipeline: Pipeline


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    """A finished demo of one day. The folder's name is short because a socket's path has a limit."""
    with tempfile.TemporaryDirectory(prefix="mw") as folder:
        home, output = Path(folder) / "home", Path(folder) / "output"
        changes = {"MODELWATCH_HOME": str(home), "MODELWATCH_PORT": str(free_port())}
        environ = {**base_environment(os.environ), **changes}
        command = [sys.executable, "-m", "local.main", "demo", "--days", "1", "--output", str(output)]
        with subprocess.Popen(
            command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            too_long = threading.Timer(DEMO_SECONDS, process.kill)
            too_long.start()
            printed, pipeline = watched(process, environ)
            too_long.cancel()
        yield Demo(home, output, environ, process.returncode, printed, pipeline)


def watched(process: subprocess.Popen[str], environ: Mapping[str, str]) -> tuple[str, Pipeline]:
    """What the demo prints, and the pipeline that goes on beside it and ends before it."""
    lines: list[str] = []
    pipeline = Pipeline({**environ, **DEPLOYMENT})
    for line in process.stdout or ():
        lines.append(line)
        if "Airflow backfills" in line:
            home = Home.from_env(environ)
            pipeline.start(
                AIRFLOW_URL=f"http://localhost:{Ports.from_env(environ).airflow}",
                AIRFLOW_USER="admin",
                AIRFLOW_PASSWORD=load_secrets(home).airflow_password,
            )
        if "triggering one run" in line:
            pipeline.finish(holding="monitor_fraud")
    return "".join(lines), pipeline


def free_port() -> int:
    """The first of enough free ports in a row."""
    for _ in range(100):
        port = random.randrange(20_000, 30_000)
        with suppress(LocalError):
            require_free(Ports.from_env({"MODELWATCH_PORT": str(port)}))
            return port
    pytest.fail("no free ports between 20000 and 30000")


def stored(demo: Demo) -> list[LoadedEvaluation]:
    """Every evaluation in the demo's store."""
    with engine.embedded_postgres(demo.home) as server, engine.session(server.url("modelwatch")) as session:
        (current,) = repository.current_evaluations(session, "fraud")
        numbers = range(current.id - current.number + 1, current.id + 1)
        return [repository.load_evaluation(session, number) for number in numbers]


def test_the_demo_succeeds_and_shows_its_progress(demo: Demo) -> None:
    assert demo.returncode == 0, demo.printed
    assert "1 of 1 days done" in demo.printed
    assert (demo.output / "demo.txt").read_text().strip() in demo.printed


def test_the_backfill_and_the_run_by_hand_stored_the_same_alert(demo: Demo) -> None:
    backfilled, by_hand = stored(demo)
    assert (backfilled.run_type, by_hand.run_type) == ("backfill", "manual")
    assert (backfilled.number, by_hand.number) == (1, 2)
    assert backfilled.window == by_hand.window
    assert backfilled.verdict == by_hand.verdict == "alert"
    assert backfilled.results == by_hand.results
    assert backfilled.findings


def test_a_deploy_pipeline_has_a_new_version_compared_and_decides(demo: Demo) -> None:
    said = demo.pipeline.said
    assert {name for name, (done, _) in said.items() if not done} == {"wrong time", "triggered again"}, said
    assert "yesterday" in said["wrong time"][1]
    assert "since" in said["wrong time"][1]
    assert json.loads(said["triggered"][1])["state"] == "queued"
    assert "409" in said["triggered again"][1]
    assert "repeat_change_share" in json.loads(said["verdict"][1])["value"]
    assert json.loads(said["decided"][1])["chosen_options"] == ["Reject"]
    assert json.loads(said["ended"][1])["state"] == "success"
    with engine.embedded_postgres(demo.home) as server, engine.session(server.url("modelwatch")) as session:
        row = redeploys.by_run(session, "fraud", "deployment-noisy")
    assert (row.verdict, row.decision, row.decided_by) == ("worse", "rejected", "admin")
    assert row.decision_reason == "uses the gender"
    assert row.document["requests"] == {"budget": 300, "sent": 300, "lost": 0}


def test_slack_received_the_run_by_hand_and_a_summary_of_the_backfill(demo: Demo) -> None:
    written: Mapping[str, Any] = json.loads((demo.output / "demo.json").read_text())
    roots = [one for one in written["slack"] if not one.get("thread_ts")]
    [summary] = [one for one in roots if "a backfill judged 1 windows" in one["text"]]
    roots.remove(summary)
    keys = [root["metadata"]["event_payload"]["key"] for root in roots]
    assert len(set(keys)) == len(keys), "one message per episode"
    # Whether a day has warnings beside its alerts, and so a digest, is a matter of its traffic.
    assert {"episode", "redeploy"} <= {key.partition(":")[0] for key in keys} <= {"episode", "redeploy", "digest"}
    assert written["days"][0]["page"] is True
    assert written["days"][0]["verdict"] == "alert"
    text = (demo.output / "slack.txt").read_text()
    assert "fraud" in text
    assert str(written["days"][0]["day"]) in text


def test_the_demo_leaves_nothing_running(demo: Demo) -> None:
    require_free(Ports.from_env(demo.environ))
    mine = str(demo.home)
    left = [process for process in psutil.process_iter(["cmdline"]) if mine in " ".join(process.info["cmdline"] or [])]
    assert left == []


def test_no_secret_is_in_what_was_printed_or_logged(demo: Demo) -> None:
    secrets = json.loads((demo.home / "secrets.json").read_text())
    logs = [path for path in demo.home.rglob("*.log") if path.is_file()]
    assert len(logs) > 8
    texts = [demo.printed, *(path.read_text(errors="replace") for path in logs)]
    assert [name for name, secret in secrets.items() if any(secret in text for text in texts)] == []
