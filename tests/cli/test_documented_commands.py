"""Every command of the pages, for real and in their order: from a reference to a stored window."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from support import churn
from support.model_api import Api, Handler, running_api
from support.pages import PAGES, ROOT, Shown, shown_commands

SHOWN = [one for page in PAGES for one in shown_commands(page) if one.is_block]
WATCH = [one for one in SHOWN if one.page == "README.md"]


def run(shown: Shown, folder: Path, environ: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-W", "error", "-m", "modelwatch", *shown.words]
    base = {name: value for name, value in os.environ.items() if not name.startswith(("MODELWATCH_", "AIRFLOW_"))}
    environment = {**base, "PYTHONPATH": str(ROOT / "include"), **environ}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's folder with the files that the pages name."""
    folder = tmp_path_factory.mktemp("user")
    churn.write(folder / "churn.parquet", churn.requests(8000, start=churn.MARCH - timedelta(days=20), days=20))
    churn.write(folder / "yesterday.parquet", churn.requests(1500, start=churn.MARCH + timedelta(days=4)))
    churn.write(folder / "march.parquet", churn.requests(7500, start=churn.MARCH, days=5))
    return folder


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    """The API that a fresh monitor file expects: /v1/requests with items and a cursor."""
    records = churn.records(churn.requests(1200, start=churn.MARCH + timedelta(days=4)))

    def answer(handler: Handler) -> bool:
        _, _, query = handler.path.partition("?")
        start = int(query.rpartition("cursor=")[2]) if "cursor=" in query else 0
        more = start + 500 < len(records)
        handler.send_json({"items": records[start : start + 500], "next_cursor": str(start + 500) if more else None})
        return True

    with running_api(Api(before=answer)) as running:
        yield running


def test_watch_your_own_model_from_the_reference_to_the_store(folder: Path, api: Api, database_url: str) -> None:
    assert [one.words[0] for one in WATCH] == ["init", "lint", "check", "backtest", "run"]
    connection = json.dumps({"conn_type": "http", "host": api.url, "password": "a-token"})
    environ = {"AIRFLOW_CONN_CHURN_API": connection, "MODELWATCH_DATABASE_URL": database_url}
    done = [run(shown, folder, environ) for shown in WATCH]
    assert [(one.returncode, one.stderr) for one in done] == [(0, "")] * len(WATCH)
    init, lint, check, backtest, stored = (one.stdout for one in done)
    assert "wrote" in init and (folder / "include" / "monitors" / "churn.yaml").exists()
    assert lint.splitlines()[-1].endswith("churn.yaml: ok")
    assert check.startswith("churn  2026-03-05T00:00:00Z/2026-03-06T00:00:00Z  OK")
    assert backtest.splitlines()[-1].startswith("5 windows, 5 measured; would have paged 0 times; expected by chance ")
    document = json.loads(stored)
    assert (document["verdict"], document["n_current"]) == ("ok", 1200)
    assert {headers["Authorization"] for headers in api.headers} == {"Bearer a-token"}
    assert "since=2026-03-05T00%3A00%3A00Z" in api.asked[0]


@pytest.mark.parametrize("shown", [one for one in SHOWN if one not in WATCH], ids=str)
def test_every_other_command_of_the_pages_works_on_the_demos_monitor(shown: Shown, tmp_path: Path) -> None:
    monitors = tmp_path / "include" / "monitors"
    shutil.copytree(ROOT / "include" / "monitors", monitors)
    table = pq.read_table(monitors / "reference" / "fraud.parquet")
    pq.write_table(table.slice(0, 5000), tmp_path / "candidate.parquet")
    done = run(shown, tmp_path, {})
    if shown.words[0] == "noise":  # tests/alerts has a store with windows in it
        assert (done.returncode, done.stderr.split(";")[0]) == (2, "the store has no window of 'fraud'")
        return
    if shown.words[0] == "performance":  # tests/labels has windows with labels
        assert (done.returncode, "the monitor has no labels" in done.stderr) == (2, True)
        return
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["verdict"] == "ok"
