"""`modelwatch backtest`: every window of a file in order, persistence included."""

import re
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from support import churn
from support.churn_monitor import write_monitor
from support.cli import modelwatch


def week(*, drifted: tuple[int, ...] = (), empty: tuple[int, ...] = (), days: int = 7) -> pa.Table:
    """A week of 1,200 requests a day, drifted or absent on some."""
    tables = [
        churn.requests(1200, start=churn.MARCH + timedelta(days=day), scale=100 if day in drifted else 1)
        for day in range(days)
        if day not in empty
    ]
    return pa.concat_tables(tables)


def test_every_window_is_a_document_oldest_first(folder: Path) -> None:
    write_monitor(folder)
    churn.write(folder / "week.parquet", week(drifted=(2,)))
    given = ("backtest", "churn", "--current", "week.parquet", "--every", "1d")
    outcome = modelwatch(*given, "--output", "jsonl")
    assert (outcome.status, outcome.err) == (1, "")
    documents = outcome.documents
    assert [one["window"]["start"][:10] for one in documents] == [f"2026-03-0{day}" for day in range(1, 8)]
    assert [one["verdict"] for one in documents] == ["ok", "ok", "alert", "ok", "ok", "ok", "ok"]
    assert [one["page"] for one in documents] == [False, False, True, False, False, False, False]
    assert {one["n_current"] for one in documents} == {1200}
    assert modelwatch(*given, "--output", "jsonl").out == outcome.out


def test_each_document_is_the_one_that_check_gives_for_the_window(folder: Path) -> None:
    write_monitor(folder)
    churn.write(folder / "week.parquet", week(drifted=(2,)))
    documents = modelwatch("backtest", "churn", "--current", "week.parquet", "--every", "P1D", "--output", "jsonl")
    third = modelwatch("check", "churn", "--current", "week.parquet", "--output", "json", "--from", "2026-03-03",
                       "--to", "2026-03-04")  # fmt: skip
    assert documents.documents[2] == third.document


def test_the_table_has_a_line_per_window_and_ends_with_the_pages(folder: Path) -> None:
    write_monitor(folder)
    churn.write(folder / "week.parquet", week(drifted=(2, 3)))
    outcome = modelwatch("backtest", "churn", "--current", "week.parquet", "--every", "1d")
    *lines, last = outcome.out.splitlines()
    assert len(lines) == 7
    assert re.match(r"2026-03-03T00:00:00Z/2026-03-04T00:00:00Z +alert +page +1,200  tenure_months", lines[2])
    assert re.fullmatch(r"2026-03-01T00:00:00Z/2026-03-02T00:00:00Z +ok +- +1,200", lines[0])
    assert last.startswith("7 windows, 7 measured; would have paged 1 times"), "two days of one problem are one page"


def test_a_problem_pages_once_it_was_there_in_two_of_three_windows(folder: Path) -> None:
    write_monitor(folder, windows=2, of=3, critical=1e6)
    churn.write(folder / "week.parquet", week(drifted=(1, 3, 6)))
    outcome = modelwatch("backtest", "churn", "--current", "week.parquet", "--every", "1d", "--output", "jsonl")
    alerts = [i for i, one in enumerate(outcome.documents) if one["verdict"] == "alert"]
    pages = [i for i, one in enumerate(outcome.documents) if one["page"]]
    assert (alerts, pages) == ([1, 3, 6], [3])


def test_a_critical_problem_pages_at_once(folder: Path) -> None:
    write_monitor(folder, windows=2, of=3)
    churn.write(folder / "week.parquet", week(drifted=(1, 6)))
    outcome = modelwatch("backtest", "churn", "--current", "week.parquet", "--every", "1d", "--output", "jsonl")
    assert [i for i, one in enumerate(outcome.documents) if one["page"]] == [1, 6]


def test_a_day_without_requests_is_a_window_too(folder: Path) -> None:
    write_monitor(folder)
    churn.write(folder / "week.parquet", week(empty=(3,)))
    outcome = modelwatch("backtest", "churn", "--current", "week.parquet", "--every", "1d", "--output", "jsonl")
    assert [one["n_current"] for one in outcome.documents] == [1200, 1200, 1200, 0, 1200, 1200, 1200]
    assert outcome.documents[3]["verdict"] == "insufficient_data"
    assert outcome.status == 0


def test_windows_can_be_shorter_or_longer_than_the_monitors(folder: Path) -> None:
    write_monitor(folder)
    churn.write(folder / "week.parquet", week(days=4))
    given = ("backtest", "churn", "--current", "week.parquet", "--output", "jsonl")
    assert len(modelwatch(*given, "--every", "12h").documents) == 8
    assert len(modelwatch(*given, "--every", "2d").documents) == 2


def test_nothing_measured_is_3_and_nothing_quiet(folder: Path) -> None:
    write_monitor(folder)
    churn.write(folder / "few.parquet", churn.requests(90, start=churn.MARCH, days=3))
    outcome = modelwatch("backtest", "churn", "--current", "few.parquet", "--every", "1d")
    assert outcome.status == 3
    assert outcome.out.splitlines()[-1].startswith("3 windows, 0 measured; would have paged 0 times")


def test_labels_are_joined(folder: Path) -> None:
    write_monitor(folder)
    requests = week(days=2)
    churn.write(folder / "days.parquet", requests.drop_columns("left"))
    churn.write(folder / "labels.parquet", requests.select(["request_id", "left"]))
    given = ("backtest", "churn", "--current", "days.parquet", "--every", "1d", "--output", "jsonl")
    for document in modelwatch(*given, "--labels", "labels.parquet").documents:
        rates = [one for one in document["results"] if one["metric"] == "true_positive_rate"]
        assert {one["group"] for one in rates} >= {"gender=F", "gender=M"}
        assert all(one["value"] is not None for one in rates)


@pytest.mark.parametrize("every", ["1q", "0d", "-1d", "5h", "36h", "20y", ""])
def test_a_length_that_fits_no_calendar_is_2(folder: Path, every: str) -> None:
    write_monitor(folder)
    churn.write(folder / "week.parquet", week(days=2))
    outcome = modelwatch("backtest", "churn", "--current", "week.parquet", f"--every={every}")
    assert (outcome.status, outcome.out) == (2, "")
    assert "write a number and a unit: 1d, 12h or P7D" in outcome.err or "does not fit the calendar" in outcome.err


def test_a_file_without_timestamps_cannot_be_cut(folder: Path) -> None:
    monitor = write_monitor(folder)
    monitor.write_text(monitor.read_text().replace("timestamp: requested_at, ", ""))
    churn.write(folder / "week.parquet", week(days=2))
    outcome = modelwatch("backtest", "churn", "--current", "week.parquet", "--every", "1d")
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err == f"week.parquet: windows are cut by time: set columns.timestamp in {monitor}\n"
