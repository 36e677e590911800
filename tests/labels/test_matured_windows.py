"""Windows are judged with their labels once these have come, as new evaluations that keep what was judged before."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from modelwatch.domain import Window
from modelwatch.pages import Pages
from modelwatch.report.document import Evaluation, document
from modelwatch.steps.as_of import performance_as_of
from modelwatch.store import engine, repository
from support.cli import modelwatch
from support.label_days import DAY, PER_DAY, LabelDays, window_of

NUMBERS = "SELECT window_start, number, labels_known_at, awaits_labels FROM evaluation ORDER BY window_start, number"
COUNTS = "SELECT n_seen, n_duplicate, n_unmatched, n_unsampled, n_new, n_corrected FROM label_batch ORDER BY id"


@pytest.fixture
def days(database_url: str, tmp_path: Path) -> LabelDays:
    return LabelDays(database_url, tmp_path)


def stored(days: LabelDays, window: Window) -> repository.LoadedEvaluation:
    with engine.session(days.url) as session:
        found = repository.evaluation_of(session, "churn", window)
    assert found is not None
    return found


def values(found: repository.LoadedEvaluation) -> dict[tuple[str, str, str | None], float | None]:
    return {
        (r.measurement.check, r.measurement.metric, r.measurement.group): r.measurement.value for r in found.results
    }


def test_a_window_is_judged_with_its_labels_when_it_is_mature_and_never_before(days: LabelDays) -> None:
    days.nights(range(5))
    found = days.rows_of(NUMBERS)
    assert [(start - window_of(0).start).days for start, *_ in found] == [0, 0, 1, 1, 2, 3, 4]
    assert [number for _, number, *_ in found] == [1, 2, 1, 2, 1, 1, 1]
    assert [known and (known - start).days for start, _, known, _ in found] == [None, 4, None, 4, None, None, None]
    assert [awaits for *_, awaits in found] == [number == 1 for _, number, *_ in found]
    mature, fresh = values(stored(days, window_of(0))), stored(days, window_of(4))
    assert mature["performance", "labelled_share", None] == 1.0
    assert mature["performance", "recall", None] is not None
    assert mature["fairness", "equal_opportunity_difference", "gender"] is not None
    (waiting,) = [r for r in fresh.results if r.measurement.metric == "labelled_share"]
    assert (waiting.status, waiting.reason) == (
        "insufficient_data",
        "labels are waited for until 2026-03-09T00:00:00Z",
    )
    assert fresh.verdict == "ok"
    first, second = days.rows_of(
        "SELECT id FROM evaluation WHERE window_start = (SELECT min(window_start) FROM evaluation) ORDER BY number"
    )
    with engine.session(days.url) as session:
        before, after = (repository.load_evaluation(session, one[0]) for one in (first, second))
        counts = [repository.profile_of(session, one[0]) for one in (first, second)]
    kept = {r for r in before.results if r.measurement.check not in ("performance", "fairness")}
    assert kept < set(after.results), "what did not need labels is as it was judged"
    assert counts[0] == counts[1] is not None
    estimated = values(fresh)["performance", "estimated_recall", None]
    assert estimated == pytest.approx(mature["performance", "recall", None], abs=0.15)


def test_the_newest_label_counts_and_what_belongs_to_no_request_is_told(days: LabelDays) -> None:
    table = days.requests(0)
    ids = table["request_id"].to_pylist()
    came = window_of(0).end - DAY / 24
    days.labels = [(ids[0], 1, came), (ids[0], 0, came + DAY / 48), (ids[1], 0, came), ("nobody", 1, came)]
    days.night(0)
    days.requests(1)
    days.labels = [*days.labels[:4], (ids[1], 1, came + DAY), (ids[2], None, came + DAY), (ids[0], 1, came - DAY / 24)]
    days.night(1)
    assert days.rows_of(COUNTS) == [(3, 1, 1, 0, 2, 0), (4, 3, 1, 0, 1, 1)]


def test_labels_of_requests_that_the_sample_left_out_are_told_apart(database_url: str, tmp_path: Path) -> None:
    days = LabelDays(database_url, tmp_path, rows=300)
    ids = days.requests(0)["request_id"].to_pylist()
    days.labels = [(one, 0, window_of(0).end - DAY / 24) for one in ids]
    days.night(0)
    (found,) = days.rows_of(COUNTS)
    assert found == (600, 0, 0, 300, 300, 0)


def test_labels_that_cannot_be_had_hold_up_nothing(days: LabelDays) -> None:
    days.requests(0)
    assert days.night(0, has_labels=False).judgement.verdict == "ok"
    assert days.rows_of(COUNTS) == []


def test_corrections_restate_a_window_and_an_earlier_day_shows_what_was_known_then(
    days: LabelDays, monkeypatch: pytest.MonkeyPatch
) -> None:
    days.nights(range(4))
    old = document_of(days, window_of(0))
    came = window_of(4).end - DAY / 24
    days.requests(4)
    changed = [one for one in days.labels if one[0].startswith("20260301")][:200]
    days.labels += [(request, 1, came) for request, *_ in changed]
    days.night(4)
    new = document_of(days, window_of(0))
    assert new != old
    monkeypatch.setenv("MODELWATCH_DATABASE_URL", days.url)
    monkeypatch.setenv("MODELWATCH_SAMPLES_URL", (days.folder / "kept").as_uri())
    span = ("--from", "2026-03-01", "--to", "2026-03-02")
    shown = modelwatch("performance", days.monitor_path(), *span, "--as-of", "2026-03-05")
    assert (shown.documents, shown.err) == ([old], "")
    assert as_of(days, window_of(0), None) == new
    assert as_of(days, window_of(0), window_of(2).end)["verdict"] == "ok"


def document_of(days: LabelDays, window: Window) -> dict[str, object]:
    """As it is stored now."""
    one = stored(days, window)
    return document(Evaluation("churn", window, one.judgement, one.n_reference, one.n_current, one.coverage, one.page))


def as_of(days: LabelDays, window: Window, day: datetime | None) -> dict[str, Any]:
    run = days.run(0)
    (found,) = performance_as_of(run.monitor, run.settings, window, day)
    return document(found)


def test_before_it_is_mature_a_window_shows_what_it_may_come_to(database_url: str, tmp_path: Path) -> None:
    days = LabelDays(database_url, tmp_path, more="performance: {queue: {size: 1, entity: plan}}")
    days.nights(range(9))
    young = {r["metric"]: r for r in as_of(days, window_of(7), None)["results"] if r["check"] == "performance"}
    recall = young["recall"]
    assert recall["status"] == "insufficient_data"
    assert recall["ci_low"] <= recall["value"] <= recall["ci_high"]
    assert recall["reason"] == "estimated: not all labels have come"
    of_recall = "SELECT value, ci_low, ci_high FROM performance_estimate WHERE metric = 'recall'"
    statement = of_recall + " AND window_end = '{}' AND known_at = '{}'"
    edges = window_of(7).end, window_of(8).end
    assert days.rows_of(statement.format(*edges)) == [(recall["value"], recall["ci_low"], recall["ci_high"])]
    view = Pages(days.run(0).settings).model("churn", days=30, now=window_of(9).end)
    assert view is not None
    chart = view.chart("performance-recall")
    assert chart is not None
    judged, estimated = chart.lines
    assert judged.values[:6] == tuple(one for one in judged.values if one is not None)
    assert estimated.values[-2] == recall["value"]
    expected = view.chart("performance-estimated-recall")
    assert expected is not None
    assert [line.name for line in expected.lines] == ["estimated_recall", "recall"]
    assert expected.note == (
        "What came true was within the estimate's interval in 6 of 6 windows, 0.0047 off on average."
    )
    days.nights(range(9, 11))
    again = Pages(days.run(0).settings).model("churn", days=30, now=window_of(11).end)
    assert again is not None
    assert again.chart("performance-recall-worsening") is None, "nothing worsened"
    final = {r["metric"]: r for r in as_of(days, window_of(7), None)["results"] if r["check"] == "performance"}
    assert recall["ci_low"] <= final["recall"]["value"] <= recall["ci_high"]
    queue = [values(stored(days, window_of(day)))["performance", "entity_precision_at_k", None] for day in range(5)]
    assert queue == [1.0, 1.0, 1.0, None, None], "each of the three plans is found once, and known from then on"
    assert final["entity_precision_at_k"]["n_current"] == 0
    against_past = final["recall_worsening"]
    assert (against_past["status"], against_past["n_reference"]) == ("ok", 7 * PER_DAY)
    assert against_past["evidence"].endswith("against the 7 windows before it")
    for day in (6, 7):  # the past and the queue's known ones are those of the day, too
        assert as_of(days, window_of(day), window_of(day + 3).end) == document_of(days, window_of(day))
    assert "recall_worsening" not in {r.measurement.metric for r in stored(days, window_of(6)).results}


def test_where_only_positives_get_labels_the_others_are_negative_once_the_window_is_mature(
    database_url: str, tmp_path: Path
) -> None:
    days = LabelDays(database_url, tmp_path, more="  unlabelled: negative")
    for day in range(4):
        table = days.requests(day)
        days.labels = [one for one in days.labels if one[1] == 1]
        days.night(day)
    found = {r.measurement.metric: r.measurement for r in stored(days, window_of(0)).results}
    positives = sum(request.startswith("20260301") for request, *_ in days.labels)
    assert found["labelled_share"].value == pytest.approx(positives / table.num_rows)
    assert found["accuracy"].n_current == table.num_rows
