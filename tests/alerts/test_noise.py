"""What a changed monitor file would have paged, from the stored profiles: the same as really judging again."""

import json
from collections.abc import Iterator
from copy import copy
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from modelwatch.config import load_monitor
from modelwatch.domain import Window
from modelwatch.errors import StoreError
from modelwatch.steps.noise import noise
from modelwatch.store import engine
from modelwatch.store.engine import EmbeddedPostgres
from modelwatch.store.episode_tables import EpisodeRow
from support.churn_days import ChurnDays
from support.cli import modelwatch
from support.postgres import migrated_database

SCALES = [1, 1.35, 1, 1, 3, 3, 1, 1, 1.35, 1, 1, 1, 1, 3, 1]
CHANGES = [
    "thresholds: {psi: {warning: 0.02, alert: 0.05}, ks_statistic: {warning: 0.02, alert: 0.05}}",
    "alerts: {open_after: {windows: 2, of: 3}}",
    "alerts: {close_after: 1, critical: 9}",
    "false_discovery_rate: 0.2\nthresholds: {demographic_parity_difference: {warning: 0.001, alert: 0.002}}",
    "alerts: {silences: [{reason: a promotion, until: 2026-03-31, feature: tenure_months}]}",
]


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory, postgres: EmbeddedPostgres) -> Iterator[ChurnDays]:
    """Fifteen days, two of them not as they should be, judged by a file with the defaults; nothing here changes it."""
    folder = tmp_path_factory.mktemp("stored")
    with migrated_database(postgres) as url:
        days = ChurnDays(folder, url)
        path = days.write()
        for day, scale in enumerate(SCALES):
            days.day(day, scale=scale, n=100 if day == 6 else 1200)
            if day != 11:
                days.judge(day, path)
        (folder / "days" / "2026-03-13.parquet").unlink()
        days.judge(12, path, name="broken")
        yield days


def opened(url: str) -> list[Window]:
    """The windows in which the store's episodes of the model opened."""
    with engine.session(url) as session:
        rows = session.scalars(sa.select(EpisodeRow).where(EpisodeRow.kind == "model").order_by(EpisodeRow.id))
        return [Window(one.opened_window_start, one.opened_window_end) for one in rows]


def really_again(
    stored: ChurnDays, path: Path, postgres: EmbeddedPostgres
) -> tuple[tuple[Window, ...], tuple[Window, ...]]:
    """The windows that page, and those in which an episode opens, when every day is run into an empty store."""
    with migrated_database(postgres) as url:
        again = copy(stored)
        again.settings = replace(stored.settings, database_url=url)
        real = [again.judge(day, path) for day in range(len(SCALES)) if day != 11]
        return tuple(one.window for one in real if one.page), tuple(opened(url))


@pytest.mark.parametrize("change", CHANGES)
def test_it_equals_a_real_re_run(stored: ChurnDays, change: str, postgres: EmbeddedPostgres) -> None:
    path = stored.write(change)
    told = noise(load_monitor(path), stored.settings, days=90)
    paged, began = really_again(stored, path, postgres)
    assert paged == told.after
    if "silences" not in change:
        assert set(began) <= set(paged), "an episode that opens pages"
    assert len(told.windows) == len(SCALES) - 1
    assert told.skipped == ()


def test_a_moving_reference_is_made_of_the_days_as_the_changed_file_judges_them(
    stored: ChurnDays, postgres: EmbeddedPostgres
) -> None:
    path = stored.write("thresholds: {psi: {warning: 0.02, alert: 0.05}}")
    text = path.read_text().replace(
        "{uri: churn.parquet}", "{type: rolling, uri: churn.parquet, windows: 4, minimum: 2}"
    )
    path.write_text(text.replace(", window: P3D", ""))
    paged, _ = really_again(stored, path, postgres)
    assert paged == noise(load_monitor(path), stored.settings, days=90).after


def test_the_same_file_is_no_more_and_no_fewer(stored: ChurnDays) -> None:
    told = noise(load_monitor(stored.write()), stored.settings, days=90)
    assert (told.more, told.fewer) == ((), ())
    assert list(told.before) == opened(stored.settings.database_url or ""), "three episodes opened, and paged once each"
    assert len(told.before) == 3


def test_the_command_says_which_days(stored: ChurnDays, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELWATCH_DATABASE_URL", stored.settings.database_url or "")
    monkeypatch.setenv("MODELWATCH_SAMPLES_URL", stored.settings.samples_url)
    path = stored.write(CHANGES[4])
    outcome = modelwatch("noise", path, "--days", 90)
    assert outcome.status == 0, outcome.err
    assert "0 more, 3 fewer" in outcome.out
    assert "  - 2026-03-05" in outcome.out.splitlines()
    document = json.loads(modelwatch("noise", path, "--days", 5, "--output", "json").out)
    assert [one["start"] for one in document["fewer"]] == ["2026-03-14T00:00:00Z"]


def test_days_counted_for_another_reference_are_named_and_not_guessed(stored: ChurnDays) -> None:
    path = stored.write()
    path.write_text(path.read_text().replace("monthly_charge: numeric, ", ""))
    told = noise(load_monitor(path), stored.settings, days=90)
    assert len(told.skipped) == 13
    assert told.after == ()


def test_a_monitor_that_was_never_judged_is_named(tmp_path: Path, database_url: str) -> None:
    days = ChurnDays(tmp_path, database_url)
    with pytest.raises(StoreError, match="no window of 'churn'"):
        noise(load_monitor(days.write()), days.settings, days=90)
