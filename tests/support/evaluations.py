"""Judged windows to store, and storing them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from modelwatch.domain import Measurement, Result, Window
from modelwatch.store import engine, repository
from modelwatch.store.repository import NewEvaluation, StoredProfile

DAY = timedelta(days=1)
WINDOW = Window(datetime(2026, 3, 5, tzinfo=UTC), datetime(2026, 3, 6, tzinfo=UTC))
RESULTS = [
    Result(Measurement("feature_drift", "psi", 0.02, 30_000, 4_000, feature="hour", effect=0.0), "ok", 0.1, 0.8),
    Result(
        Measurement("feature_drift", "psi", 2.3, 30_000, 4_000, feature="amount", effect=2.3, evidence="x100"),
        "alert",
        0.25,
        1e-9,
    ),
    Result(Measurement("quality", "row_count", 4_000.0, 30_000, 4_000), "ok", 500.0),
]


def evaluation(window: Window = WINDOW, **changes: Any) -> NewEvaluation:
    new = NewEvaluation(
        monitor="fraud",
        window=window,
        run_id="scheduled__1",
        run_type="scheduled",
        config_sha256="c0ffee",
        config={"monitor": "fraud"},
        content_digest="d1",
        verdict="alert",
        reason=None,
        page=True,
        n_reference=30_000,
        n_current=4_000,
        coverage=1.0,
        sample={"n_seen": 4_000},
    )
    return replace(new, **changes)


def save(url: str, new: NewEvaluation, results: list[Result] = RESULTS, content: bytes = b"counts") -> int:
    profile = StoredProfile(new.window, "cells", new.n_current, content)
    findings = [result for result in results if result.status == "alert"]
    with engine.session(url) as session, session.begin():
        return repository.save_evaluation(session, new, results, findings, profile)


def count(url: str, table: str) -> int:
    with engine.session(url) as session:
        return int(session.scalar(sa.text(f"SELECT count(*) FROM {table}")) or 0)  # noqa: S608  # a name from below
