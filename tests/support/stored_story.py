"""A store that holds the demo's days, judged by the real code from simulated requests, without Airflow and HTTP."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pyarrow as pa

from demo.model import trained
from demo.traffic import Story, requests_on
from modelwatch.config import Monitor, load_monitor
from modelwatch.domain import Result, Sample, Window
from modelwatch.profile import encode_profile, profile_rows
from modelwatch.settings import Settings
from modelwatch.steps.measure import MEASURES
from modelwatch.steps.reference import load_reference
from modelwatch.store import engine, repository
from modelwatch.store.repository import NewEvaluation, StoredProfile
from modelwatch.verdict import judge

ROOT = Path(__file__).resolve().parents[2]
FRAUD = ROOT / "include" / "monitors" / "fraud.yaml"
DAY = timedelta(days=1)


def settings_of(url: str, folder: Path, monitors: Path = FRAUD.parent) -> Settings:
    """Settings of a store with its samples below the folder."""
    return Settings(home=folder, monitors_dir=monitors, samples_url=(folder / "samples").as_uri(), database_url=url)


def store_days(
    settings: Settings, days: Sequence[date], *, story: Story, unmeasured: Sequence[date] = (), run: str | None = None
) -> None:
    """Judge and store these days of the demo; of the unmeasured ones the API did not answer."""
    monitor = load_monitor(FRAUD)
    load_reference(monitor, settings)
    for day in days:
        with engine.session(settings.database_url) as session, session.begin():
            new, results, findings, profile = judged_day(
                monitor, settings, day, story, reason="the API answered 503" if day in unmeasured else None
            )
            new = replace(new, run_id=run, run_type="manual") if run else new
            repository.save_evaluation(session, new, results, findings, profile)


def judged_day(
    monitor: Monitor, settings: Settings, day: date, story: Story, *, reason: str | None = None
) -> tuple[NewEvaluation, Sequence[Result], Sequence[Result], StoredProfile | None]:
    """One day as `judge_and_store` would store it."""
    window = window_of(day)
    reference = load_reference(monitor, settings)
    sample = Sample(rows_of(monitor, day, story), n_seen=0)
    sample = replace(sample, n_seen=sample.rows.num_rows, n_total=sample.rows.num_rows)
    profile = profile_rows(sample.rows, reference.cells, monitor.schema())
    measured = (
        [] if reason else [m for measure in MEASURES.values() for m in measure(reference.profile, profile, monitor)]
    )
    n = 0 if reason else sample.rows.num_rows
    judgement = judge(measured, monitor.rules(), n_current=n, unmeasured=reason)
    new = NewEvaluation(
        monitor=monitor.monitor,
        window=window,
        run_id=f"scheduled__{day + DAY}T03:00:00+00:00",
        run_type="scheduled",
        config_sha256=monitor.sha256,
        config=monitor.model_dump(mode="json"),
        content_digest=f"{day}",
        verdict=judgement.verdict,
        reason=judgement.reason,
        page=judgement.verdict == "alert",
        n_reference=reference.profile.n_rows,
        n_current=n,
        coverage=None if reason else 1.0,
        sample=None if reason else {"n_seen": n, "n_duplicate": 0, "n_rejected": 0, "n_total": n, "rejects": []},
        reference_digest=reference.digest,
        model_version=None,
    )
    counts = None if reason else StoredProfile(window, reference.cells_digest, n, encode_profile(profile))
    return new, judgement.results, judgement.findings, counts


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
