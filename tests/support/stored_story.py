"""A store that holds the demo's days, judged by the real code from simulated requests, without Airflow and HTTP."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pyarrow as pa

from demo.model import trained
from demo.traffic import Story, requests_on
from modelwatch.config import Monitor, load_monitor
from modelwatch.domain import Window
from modelwatch.profile import encode_profile, profile_rows
from modelwatch.settings import Settings
from modelwatch.steps.judge import store_verdict
from modelwatch.steps.measure import MEASURES
from modelwatch.steps.reference import load_reference
from modelwatch.steps.run import Run
from modelwatch.store.repository import NewEvaluation, StoredProfile
from modelwatch.verdict import judge

ROOT = Path(__file__).resolve().parents[2]
FRAUD = ROOT / "include" / "monitors" / "fraud.yaml"
DAY = timedelta(days=1)


def settings_of(url: str, folder: Path, monitors: Path = FRAUD.parent) -> Settings:
    """Settings of a store with its samples below the folder."""
    return Settings(home=folder, monitors_dir=monitors, samples_url=(folder / "samples").as_uri(), database_url=url)


def store_days(
    settings: Settings,
    days: Sequence[date],
    *,
    story: Story,
    unmeasured: Sequence[date] = (),
    run_id: str | None = None,
) -> None:
    """Judge and store these days of the demo, episodes included; of the unmeasured ones the API did not answer.

    Args:
        run_id: of a run by hand; without one each day has its scheduled run.
    """
    monitor = load_monitor(FRAUD)
    for day in days:
        window = window_of(day)
        run = Run(
            monitor,
            window,
            run_id or f"scheduled__{day + DAY}T03:00:00+00:00",
            "manual" if run_id else "scheduled",
            settings,
            now=window.end + timedelta(hours=3),
        )
        store_day(run, story, reason="the API answered 503" if day in unmeasured else None)


def store_day(run: Run, story: Story, *, reason: str | None) -> int:
    """One day as `judge_and_store` stores it; returns the evaluation's id."""
    monitor, reference = run.monitor, load_reference(run.monitor, run.settings)
    rows = rows_of(monitor, run.window.start.date(), story)
    profile = profile_rows(rows, reference.cells, monitor.schema())
    measured = [
        m for check in MEASURES.values() for m in check(reference.profile, profile, monitor, reference.variation)
    ]
    n = 0 if reason else rows.num_rows
    judgement = judge([] if reason else measured, monitor.rules(), n_current=n, unmeasured=reason)
    new = NewEvaluation(
        monitor=monitor.monitor,
        window=run.window,
        run_id=run.run_id,
        run_type=run.run_type,
        config_sha256=monitor.sha256,
        config=monitor.model_dump(mode="json"),
        content_digest=f"{run.window} {judgement.verdict}",
        verdict=judgement.verdict,
        reason=judgement.reason,
        page=False,
        n_reference=reference.profile.n_rows,
        n_current=n,
        coverage=None if reason else 1.0,
        sample=None if reason else {"n_seen": n, "n_duplicate": 0, "n_rejected": 0, "n_total": n, "rejects": []},
        reference_digest=reference.digest,
        model_version=None,
    )
    counts = None if reason else StoredProfile(run.window, reference.cells_digest, n, encode_profile(profile))
    return store_verdict(run, new, judgement, counts)


def rows_of(monitor: Monitor, day: date, story: Story) -> pa.Table:
    """The day's requests as a source would have typed them."""
    frame = requests_on(day, story)
    model = trained()
    scores = model.score(frame)
    frame = frame.assign(score=scores, flagged=model.flag(scores), model_version=model.version)
    types = {"number": pa.float64(), "text": pa.string(), "flag": pa.bool_(), "timestamp": pa.timestamp("us", "UTC")}
    return pa.table(
        {
            column.name: pa.array(frame[column.name], types[column.type], from_pandas=True)
            for column in monitor.schema().columns
        }
    )


def window_of(day: date) -> Window:
    """The day in UTC."""
    start = datetime.combine(day, time(), UTC)
    return Window(start, start + DAY)


def days_before(end: date, n: int) -> Iterator[date]:
    """The last ``n`` days up to and with the end, oldest first."""
    yield from (end - timedelta(days=back) for back in range(n - 1, -1, -1))
