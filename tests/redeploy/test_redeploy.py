"""A new version beside the old one, through the demo's model server and a real store."""

from pathlib import Path

import pytest

from modelwatch.settings import Settings
from modelwatch.steps.probing import ask_probes
from modelwatch.steps.redeploy import compare_traffic
from modelwatch.steps.redeploy_verdict import judge_redeploy
from support.redeploys import comparison, model_server, write_monitor

BUDGET = 600


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return Settings(tmp_path, tmp_path, (tmp_path / "samples").as_uri(), database_url)


def test_one(tmp_path, settings):
    import time

    monitor = write_monitor(tmp_path)
    with model_server("sensitive") as server:
        one = comparison(monitor, settings, "sensitive", budget=BUDGET)
        t = time.time()
        compare_traffic(one, server.connect)
        print(time.time() - t)
        t = time.time()
        assert ask_probes(one, server.connect, seconds=100)
        print(time.time() - t)
        t = time.time()
        document = judge_redeploy(one, notify=False)
        print(time.time() - t)
    print({k: v for k, v in document.items() if k not in ("results", "findings")})
    for f in document["findings"]:
        print(f["metric"], f["feature"], f["group"], f["value"], f["evidence"])
    print(len(server.asked))
    from modelwatch.report.redeploy import redeploy_summary, redeploy_table

    print(redeploy_table(document))
    print(redeploy_summary(document))
