"""`modelwatch check`: its document, its table, its exit codes, and which rows it judges."""

import json
import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest

from modelwatch.config.thresholds import defaults
from support import churn
from support.churn_monitor import write_monitor
from support.cli import modelwatch
from support.pages import ROOT

FIELDS = re.split(r"A result:|A change:", (ROOT / "docs" / "json.md").read_text(encoding="utf-8"))
DOCUMENT, RESULT, CHANGE = (
    {name for cell in re.findall(r"^\| (`.+?`) \|", part, re.MULTILINE) for name in re.findall(r"`(\w+)`", cell)}
    for part in FIELDS
)
FILES = ("day", "shuffled")
DAY = churn.requests(1500, start=churn.MARCH)
DRIFTED = churn.requests(1500, start=churn.MARCH, scale=100)


@pytest.fixture
def monitor(folder: Path) -> Path:
    return write_monitor(folder)


def test_the_document_has_the_fields_that_are_promised_and_no_other(folder: Path, monitor: Path) -> None:
    churn.write(folder / "day.parquet", DRIFTED)
    outcome = modelwatch("check", "churn", "--current", "day.parquet", "--output", "json")
    document = outcome.document
    assert {"schema_version", "monitor", "window", "verdict", "page", "coverage", "results", "findings"} < DOCUMENT
    assert set(document) == DOCUMENT
    assert all(set(result) == RESULT for result in [*document["results"], *document["findings"]])
    assert document["changes"] and all(set(change) == CHANGE for change in document["changes"])
    assert (document["schema_version"], document["monitor"]) == ("1", "churn")
    assert document["window"] == {"start": "2026-03-01T00:00:00Z", "end": "2026-03-02T00:00:00Z"}
    assert (document["n_reference"], document["n_current"], document["coverage"]) == (8000, 1500, 1.0)


def test_whatever_is_judged_says_the_smallest_effect_it_could_have_shown(folder: Path, monitor: Path) -> None:
    churn.write(folder / "day.parquet", DAY)
    results = modelwatch("check", "churn", "--current", "day.parquet", "--output", "json").document["results"]
    silent = {one["metric"] for one in results if one["smallest_detectable"] is None}
    assert silent == {"row_count", "type_error_share", "wasserstein", "js_distance", "chi2"}
    assert [one["metric"] for one in results if one["metric"] in silent and one["threshold"]] == ["row_count"]
    for one in results:
        seen = one["smallest_detectable"]
        assert one["threshold"] is None or seen is None or one["status"] != "ok" or 0 <= seen <= 1


def test_findings_are_the_results_that_crossed_worst_first(folder: Path, monitor: Path) -> None:
    churn.write(folder / "day.parquet", DRIFTED)
    document = modelwatch("check", "churn", "--current", "day.parquet", "--output", "json").document
    crossed = [one for one in document["results"] if one["status"] in ("warning", "alert")]
    assert len(crossed) == len(document["findings"]) > 0
    assert all(one in document["results"] for one in document["findings"])
    statuses = [one["status"] for one in document["findings"]]
    assert statuses == sorted(statuses)
    assert document["findings"][0]["feature"] == "tenure_months"
    assert (document["verdict"], document["page"]) == ("alert", True)


@pytest.mark.parametrize("command", [("check", "json"), ("backtest", "jsonl")])
def test_the_same_requests_give_the_same_bytes(folder: Path, monitor: Path, command: tuple[str, str]) -> None:
    """Again, in another order of rows, and in a process that hashes and prepares everything anew."""
    name, output = command
    with monitor.open("a", encoding="utf-8") as file:
        file.write("multivariate: {rows: 1000}\n")
    rows = churn.requests(800, start=churn.MARCH, scale=100)
    churn.write(folder / "day.parquet", rows)
    churn.write(folder / "shuffled.parquet", rows.take(np.random.default_rng(7).permutation(rows.num_rows)))
    every = ["--every", "1d"] if name == "backtest" else []
    first, other = ([name, "churn", "--current", f"{one}.parquet", *every, "--output", output] for one in FILES)
    outputs = {modelwatch(*arguments).out for arguments in (first, first, other)}
    environ = {"PYTHONPATH": str(ROOT / "include"), "PATH": os.defpath, "PYTHONHASHSEED": "2"}
    environ["MODELWATCH_HOME"] = str(folder / "another home")
    process = [sys.executable, "-m", "modelwatch", *other]
    outputs.add(subprocess.run(process, cwd=folder, env=environ, capture_output=True, text=True, check=False).stdout)
    (same,) = outputs
    assert '"metric": "auc_domain"' in same and '"status": "alert"' in same


def test_a_quiet_day_is_0_and_a_drifted_one_1(folder: Path, monitor: Path) -> None:
    churn.write(folder / "quiet.parquet", DAY)
    churn.write(folder / "drifted.parquet", DRIFTED)
    quiet, drifted = (modelwatch("check", monitor, "--current", f"{name}.parquet") for name in ("quiet", "drifted"))
    assert (quiet.status, drifted.status) == (0, 1)
    assert quiet.out.splitlines()[0] == "churn  2026-03-01T00:00:00Z/2026-03-02T00:00:00Z  OK"
    assert "1,500 requests against 8,000 of the reference, would page" in drifted.out
    assert "tenure_months" in drifted.out.splitlines()[4]
    assert quiet.err == drifted.err == ""


def test_a_warning_is_0(folder: Path, monitor: Path) -> None:
    levels = {name: {"warning": each.warning or each.alert} for name, each in defaults("adverse").items()}
    monitor.write_text(monitor.read_text() + f"thresholds: {json.dumps(levels)}\n")
    churn.write(folder / "day.parquet", DRIFTED)
    outcome = modelwatch("check", "churn", "--current", "day.parquet", "--output", "json")
    assert (outcome.status, outcome.document["verdict"], outcome.document["page"]) == (0, "warning", False)


def test_too_few_rows_are_3(folder: Path, monitor: Path) -> None:
    churn.write(folder / "day.parquet", DAY.slice(0, 20))
    outcome = modelwatch("check", "churn", "--current", "day.parquet", "--output", "json")
    assert (outcome.status, outcome.document["verdict"]) == (3, "insufficient_data")
    assert outcome.document["reason"] == "20 requests; the minimum is 300"


def test_csv_gives_the_values_that_parquet_gives(folder: Path, monitor: Path) -> None:
    churn.write(folder / "day.parquet", DAY)
    pa.csv.write_csv(DAY, folder / "day.csv")
    parquet, csv = (modelwatch("check", "churn", "--current", f"day.{kind}", "--output", "json") for kind in KINDS)
    assert parquet.status == csv.status == 0
    assert parquet.document == csv.document


KINDS = ("parquet", "csv")


def test_a_request_that_is_there_twice_counts_once(folder: Path, monitor: Path) -> None:
    churn.write(folder / "day.parquet", pa.concat_tables([DAY, DAY.slice(0, 500)]))
    document = modelwatch("check", "churn", "--current", "day.parquet", "--output", "json").document
    assert document["n_current"] == 1500


def test_from_and_to_choose_the_rows_with_the_end_not_included(folder: Path, monitor: Path) -> None:
    churn.write(folder / "week.parquet", churn.requests(7000, start=churn.MARCH, days=7))
    given = ("check", "churn", "--current", "week.parquet", "--output", "json")
    stamps = churn.requests(7000, start=churn.MARCH, days=7)["requested_at"].to_pylist()
    middle = churn.MARCH + timedelta(days=2)
    expected = sum(middle <= stamp < middle + timedelta(days=1) for stamp in stamps)
    both = modelwatch(*given, "--from", "2026-03-03", "--to", "2026-03-04").document
    assert both["n_current"] == expected
    assert both["window"] == {"start": "2026-03-03T00:00:00Z", "end": "2026-03-04T00:00:00Z"}
    until = modelwatch(*given, "--to", "2026-03-03").document
    since = modelwatch(*given, "--from", "2026-03-03T00:00:00Z").document
    assert until["n_current"] + since["n_current"] == 7000


def test_dates_without_an_offset_are_in_the_monitors_time_zone(folder: Path) -> None:
    write_monitor(folder, timezone="America/New_York")
    churn.write(folder / "week.parquet", churn.requests(7000, start=churn.MARCH, days=7))
    given = ("check", "churn", "--current", "week.parquet", "--output", "json")
    document = modelwatch(*given, "--from", "2026-03-03", "--to", "2026-03-04T00:00-05:00").document
    assert document["window"] == {"start": "2026-03-03T05:00:00Z", "end": "2026-03-04T05:00:00Z"}


def test_labels_of_another_file_are_joined_by_request_id(folder: Path, monitor: Path) -> None:
    churn.write(folder / "day.parquet", DAY.drop_columns("left"))
    labels = DAY.select(["request_id", "left"])
    churn.write(folder / "labels.parquet", labels)
    pa.csv.write_csv(labels.take(list(range(1499, -1, -1))), folder / "labels.csv")
    given = ("check", "churn", "--current", "day.parquet", "--output", "json")
    without = {one["metric"]: one for one in modelwatch(*given).document["results"]}
    for metric in ("equal_opportunity_difference", "equalized_odds_difference"):
        assert (without[metric]["value"], without[metric]["reason"]) == (None, "no labels")
    outcomes = [modelwatch(*given, "--labels", f"labels.{kind}") for kind in KINDS]
    assert outcomes[0].document == outcomes[1].document
    rates = {one["metric"]: one["value"] for one in outcomes[0].document["results"] if one["group"] == "gender=F"}
    women = [row for row in DAY.to_pylist() if row["gender"] == "F" and row["left"]]
    assert rates["true_positive_rate"] == pytest.approx(sum(row["flagged"] for row in women) / len(women))


def test_a_file_without_timestamps_is_judged_as_a_whole(folder: Path, monitor: Path) -> None:
    monitor.write_text(monitor.read_text().replace("timestamp: requested_at, ", ""))
    churn.write(folder / "day.parquet", DAY)
    outcome = modelwatch("check", "churn", "--current", "day.parquet", "--output", "json")
    assert (outcome.status, outcome.document["window"]) == (0, {"start": None, "end": None})
    assert "(no timestamps)" in modelwatch("check", "churn", "--current", "day.parquet").out


MISTAKES = [
    (("nobody", "--current", "day.parquet"), "nobody: there is no such monitor in"),
    (("chrun", "--current", "day.parquet"), "found: churn; did you mean 'churn'?"),
    (("no/such.yaml", "--current", "day.parquet"), "no/such.yaml: there is no such file"),
    (("churn", "--current", "nothing.parquet"), "nothing.parquet: there is no such file"),
    (("churn", "--current", "day.xlsx"), "day.xlsx: cannot tell its format from its name; it must end in .parquet"),
    (("churn", "--current", "empty.csv"), "empty.csv: is not a readable csv file: it is empty"),
    (("churn", "--current", "broken.parquet"), "broken.parquet: is not a readable parquet file"),
    (("churn", "--current", "day.parquet", "--labels", "empty.csv"), "empty.csv: is not a readable csv file"),
    (
        ("churn", "--current", "day.parquet", "--labels", "wrong.csv"),
        "wrong.csv: there is no column 'request_id'; found",
    ),
    (("churn", "--current", "day.parquet", "--from", "yesterday"), "--from: 'yesterday' is not an ISO 8601 date"),
    (("churn", "--current", "day.parquet", "--from", "2026-03-05", "--to", "2026-03-04"), "--to must be after --from"),
    (("churn", "--current", "day.parquet", "--from", "2026-03-09"), "about when day.parquet has requests"),
    (("churn",), "Missing option '--current'"),
    (("churn", "--current", "day.parquet", "--output", "xml"), "'xml' is not one of 'table', 'json'"),
    (("churn", "--currant", "day.parquet"), "No such option: --currant"),
]


@pytest.mark.parametrize(("arguments", "words"), MISTAKES, ids=[" ".join(given) for given, _ in MISTAKES])
def test_a_mistake_is_2_and_named_on_stderr_alone(
    folder: Path, monitor: Path, arguments: tuple[str, ...], words: str
) -> None:
    churn.write(folder / "day.parquet", DAY)
    (folder / "empty.csv").touch()
    (folder / "wrong.csv").write_text("id,left\n1,0\n")
    (folder / "broken.parquet").write_bytes(b"PAR1 and nothing more")
    outcome = modelwatch("check", *arguments)
    assert (outcome.status, outcome.out) == (2, "")
    assert words in re.sub(r"[│\s]+", " ", outcome.err), outcome.err


def test_the_program_itself_ends_so_and_needs_no_database(folder: Path, monitor: Path) -> None:
    churn.write(folder / "day.parquet", DRIFTED)
    store = "postgresql://nowhere:1/x"
    environ = {"PYTHONPATH": str(ROOT / "include"), "PATH": os.defpath, "MODELWATCH_DATABASE_URL": store}
    for arguments, status in ((["day.parquet"], 1), (["absent.parquet"], 2)):
        command = [sys.executable, "-W", "error", "-m", "modelwatch", "check", "churn", "--current", *arguments]
        done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
        assert done.returncode == status
        assert "Traceback" not in done.stderr
