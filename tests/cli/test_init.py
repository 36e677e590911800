"""`modelwatch init`: from a reference with every kind of column to a file that lint, check and backtest take."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from modelwatch.config import Monitor, load_monitor
from support import churn
from support.cli import Outcome, modelwatch
from support.reference_zoo import CATEGORICAL, LEFT_OUT, NUMERIC, ROLES, SENSITIVE, zoo


def write(path: Path, columns: Mapping[str, Any]) -> Path:
    table = pa.table(dict(columns))
    (pq.write_table if path.suffix == ".parquet" else pa.csv.write_csv)(table, path)
    return path


@pytest.fixture(params=["parquet", "csv"])
def written(folder: Path, request: pytest.FixtureRequest) -> tuple[Outcome, Monitor]:
    """What init said of the zoo, and the file it wrote."""
    reference = write(folder / f"reference.{request.param}", zoo())
    outcome = modelwatch("init", "zoo", "--reference", reference, *ROLES, *SENSITIVE)
    return outcome, load_monitor(folder / "include" / "monitors" / "zoo.yaml")


def test_every_column_has_its_type_or_a_reason_to_be_left_out(written: tuple[Outcome, Monitor]) -> None:
    outcome, monitor = written
    assert (outcome.status, outcome.err) == (0, "")
    kinds = {name: feature.type for name, feature in monitor.features.items()}
    assert kinds == {**dict.fromkeys(NUMERIC, "numeric"), **dict.fromkeys(CATEGORICAL, "categorical")}
    said = dict(
        line.removeprefix("left out ").split(": ", 1) for line in outcome.out.splitlines() if "left out" in line
    )
    assert said.keys() == LEFT_OUT.keys()
    for name, why in LEFT_OUT.items():
        assert said[name].startswith(why), name
        assert f"  # left out: {name}: {why}" in monitor.path.read_text()


def test_roles_bands_and_values_are_filled_in(written: tuple[Outcome, Monitor]) -> None:
    outcome, monitor = written
    assert (monitor.columns.id, monitor.columns.timestamp, monitor.columns.score) == ("id", "at", "score")
    assert (monitor.columns.decision, monitor.columns.label) == ("flagged", None)
    assert (monitor.decision.selected, monitor.decision.outcome) == (True, "adverse")
    assert monitor.fairness is not None
    assert monitor.fairness.sensitive == ["group", "age", "income"]
    assert set(monitor.fairness.bands) == {"age", "income"}
    assert all(len(cuts) == 3 for cuts in monitor.fairness.bands.values())
    assert "decision.outcome is adverse: look whether being selected harms the person" in outcome.out
    assert Path(monitor.reference_uri).resolve().parent == monitor.path.parents[2]


def test_the_file_is_taken_as_it_is_and_the_reference_is_quiet_against_itself(
    written: tuple[Outcome, Monitor],
) -> None:
    _, monitor = written
    lint = modelwatch("lint")
    assert (lint.status, lint.err) == (0, "")
    given = ("zoo", "--current", monitor.reference_uri)
    check = modelwatch("check", *given, "--output", "json")
    assert (check.status, check.err, check.document["verdict"]) == (0, "", "ok")
    assert {one["feature"] for one in check.document["results"] if one["check"] == "feature_drift"} == set(
        monitor.features
    )
    assert modelwatch("backtest", *given, "--every", "7d").status in (0, 3)


def test_nothing_but_a_reference_is_needed(folder: Path) -> None:
    churn.write(folder / "r.parquet", churn.requests(600, start=churn.MARCH).select(["tenure_months", "plan"]))
    outcome = modelwatch("init", "plain", "--reference", "r.parquet")
    assert outcome.status == 0
    assert modelwatch("lint").status == 0
    assert modelwatch("check", "plain", "--current", "r.parquet").status == 0


def test_the_file_can_be_written_elsewhere_and_finds_its_reference_from_there(folder: Path) -> None:
    churn.write(folder / "r.parquet", churn.requests(600, start=churn.MARCH))
    (folder / "deep").mkdir()
    output = folder / "deep" / "er" / "plain.yaml"
    outcome = modelwatch("init", "plain", "--reference", "r.parquet", "--output", output)
    assert outcome.out.splitlines()[-2:] == [f"wrote {output}", f"next: modelwatch lint {output}"]
    assert "uri: ../../r.parquet" in output.read_text()
    assert modelwatch("lint", output).status == 0


def test_an_existing_file_is_never_overwritten(folder: Path) -> None:
    churn.write(folder / "r.parquet", churn.requests(600, start=churn.MARCH))
    assert modelwatch("init", "plain", "--reference", "r.parquet").status == 0
    path = folder / "include" / "monitors" / "plain.yaml"
    path.write_text("# mine\n")
    outcome = modelwatch("init", "plain", "--reference", "r.parquet")
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err == f"{path} is there already; remove it, or write elsewhere with --output\n"
    assert path.read_text() == "# mine\n"


MISTAKES = [
    (("My Model", "--reference", "r.parquet"), "'My Model' cannot name a monitor: lower-case letters"),
    (("My Model", "--reference", "r.parquet"), "for example 'my_model'"),
    (("plain", "--reference", "nothing.parquet"), "nothing.parquet: there is no such file"),
    (("plain", "--reference", "r.parquet", "--output", "x.yaml"), "a monitor's file has its name: plain.yaml"),
    (
        ("plain", "--reference", "r.parquet", "--id", "reqest_id"),
        "--id: there is no column 'reqest_id'; found",
    ),
    (("plain", "--reference", "r.parquet", "--id", "reqest_id"), "did you mean 'request_id'?"),
    (("plain", "--reference", "r.parquet", "--score", "plan"), "--score: 600 of 600 values of 'plan' do not fit"),
    (
        ("plain", "--reference", "r.parquet", "--timestamp", "plan"),
        "--timestamp: 600 of 600 values of 'plan'",
    ),
    (("plain", "--reference", "r.parquet", "--decision", "score"), "--decision: 'score' has 600 different values"),
    (("plain", "--reference", "r.parquet", "--sensitive", "gender"), "name their column with --decision"),
    (
        ("plain", "--reference", "r.parquet", "--decision", "flagged", "--sensitive", "request_id"),
        "--sensitive: 'request_id' has 600 different values, too many to compare",
    ),
    (
        ("plain", "--reference", "r.parquet", "--decision", "flagged", "--label", "flagged"),
        "--label: column 'flagged' is named by --decision already",
    ),
    (("plain", "--reference", "nothing.csv", "--id"), "Option '--id' requires an argument"),
    (("plain",), "Missing option '--reference'"),
]


@pytest.mark.parametrize(("arguments", "words"), MISTAKES)
def test_a_mistake_is_2_named_on_stderr_and_nothing_is_written(
    folder: Path, arguments: tuple[str, ...], words: str
) -> None:
    churn.write(folder / "r.parquet", churn.requests(600, start=churn.MARCH))
    outcome = modelwatch("init", *arguments)
    assert (outcome.status, outcome.out) == (2, "")
    assert words in outcome.err
    assert [*folder.rglob("*.yaml")] == []


def test_several_mistakes_are_told_at_once(folder: Path) -> None:
    churn.write(folder / "r.parquet", churn.requests(600, start=churn.MARCH))
    outcome = modelwatch("init", "plain", "--reference", "r.parquet", "--id", "a", "--score", "b")
    assert len(outcome.err.splitlines()) == 2


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"only": ["x"] * 50}, "no column is left that could be a feature; found: only"),
        ({"a": []}, "r.parquet: the reference has no rows"),
    ],
)
def test_a_reference_without_a_feature_is_refused(folder: Path, columns: dict[str, Any], words: str) -> None:
    write(folder / "r.parquet", columns)
    outcome = modelwatch("init", "plain", "--reference", "r.parquet")
    assert (outcome.status, outcome.out) == (2, "")
    assert words in outcome.err


def test_columns_of_one_name_are_refused(folder: Path) -> None:
    table = churn.requests(600, start=churn.MARCH)
    churn.write(folder / "r.parquet", table.append_column("plan", table["plan"]))
    outcome = modelwatch("init", "plain", "--reference", "r.parquet")
    assert outcome.status == 2
    assert "r.parquet: column 'plan' is there 2 times; rename all but one" in outcome.err


def test_a_csv_without_a_line_of_names_is_noticed(folder: Path) -> None:
    (folder / "r.csv").write_text("".join(f"{i % 90 / 7},{i % 11},word{i % 3}\n" for i in range(500)))
    outcome = modelwatch("init", "plain", "--reference", "r.csv")
    assert "the first line looks like data, not like names of columns" in outcome.out


def test_a_name_with_a_line_break_stays_on_its_line(folder: Path) -> None:
    table = churn.requests(600, start=churn.MARCH).select(["tenure_months", "plan"])
    churn.write(folder / "r.parquet", table.rename_columns(["tenure\nin months", "pl\tan"]))
    assert modelwatch("init", "plain", "--reference", "r.parquet").status == 0
    assert modelwatch("check", "plain", "--current", "r.parquet").status == 0
