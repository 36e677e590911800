"""A comparison of two of the demo's versions, as a run of `redeploy_fraud` would have stored it."""

from typing import Any

from benchmarks.redeploy_cases import compared

from demo.model import VERSION
from modelwatch.domain import Window
from modelwatch.report.redeploy import redeploy_document
from modelwatch.store import engine, redeploys
from modelwatch.store.redeploys import NewRedeploy


def store_comparison(url: str, new: str, *, window: Window, run_id: str = "run-1") -> dict[str, Any]:
    """Compare the live version with another, store it with its verdict, and return its document."""
    found = compared(new, seed=1)
    document = redeploy_document("fraud", VERSION, new, window, found, budget=2_000, sent=2_000, lost=0)
    with engine.session(url) as session, session.begin():
        redeploys.open_redeploy(session, NewRedeploy("fraud", run_id, None, VERSION, new, window, 2_000))
        redeploys.store_verdict(redeploys.by_run(session, "fraud", run_id), found.verdict, document)
    return document
