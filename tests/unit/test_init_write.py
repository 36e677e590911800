"""The file that `init` writes: valid whatever its columns are called, and honest about what it guessed."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modelwatch.config import load_monitor
from modelwatch.config.thresholds import OF_GROUPS, defaults
from modelwatch.errors import SettingsError
from modelwatch.init import write_monitor
from modelwatch.init.infer import Inferred
from modelwatch.init.render import render
from modelwatch.init.roles import Chosen

START = datetime(2026, 3, 1, tzinfo=UTC)
NOBODY = Chosen({}, [])


def write(folder: Path, columns: Mapping[str, Any], **roles: str) -> tuple[Path, list[str]]:
    pq.write_table(pa.table(dict(columns)), folder / "reference.parquet")
    return write_monitor("m", folder / "reference.parquet", roles=roles, output=folder / "m.yaml")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(
    names=st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=12), min_size=1, max_size=4, unique=True),
    kind=st.sampled_from(["numeric", "categorical"]),
    why=st.none() | st.just("a code of 3 whole numbers"),
)
def test_a_column_of_any_name_is_read_back_under_that_name(
    tmp_path: Path, names: list[str], kind: Any, why: str | None
) -> None:
    inferred = [Inferred(name, kind, why) for name in names]
    path = tmp_path / "m.yaml"
    path.write_text(render("m", "r.parquet", NOBODY, inferred, minimum=50), encoding="utf-8", newline="")
    assert list(load_monitor(path).features) == names


@pytest.mark.parametrize("outcome", ["adverse", "favourable"])
def test_the_thresholds_that_are_written_out_are_the_ones_that_apply_anyway(tmp_path: Path, outcome: Any) -> None:
    path = tmp_path / "m.yaml"
    grouped = Chosen({"decision": "d"}, ["g"], selected=True, outcome=outcome)
    written = {}
    for chosen in (NOBODY, grouped):
        path.write_text(render("m", "r.parquet", chosen, [Inferred("x", "numeric")], minimum=50), encoding="utf-8")
        monitor = load_monitor(path)
        written[len(chosen.sensitive)] = set(monitor.thresholds)
        assert monitor.rules().levels == defaults(monitor.decision.outcome)
    of_groups = written[1] - written[0]
    assert {"psi", "missing_share", "auc_domain"} <= written[0]
    assert of_groups <= OF_GROUPS
    assert "demographic_parity_difference" in of_groups


def test_the_alerts_that_are_commented_out_are_valid_once_they_are_not(tmp_path: Path) -> None:
    text = render("m", "r.parquet", NOBODY, [Inferred("x", "numeric")], minimum=50)
    head, _, alerts = text.partition("# alerts:")
    path = tmp_path / "m.yaml"
    path.write_text(head + "alerts:" + alerts.replace("\n# ", "\n"), encoding="utf-8")
    loaded = load_monitor(path).alerts
    assert loaded.slack is not None and loaded.slack.channel == "#m-oncall"
    assert loaded.runbook


@pytest.mark.parametrize(
    ("n", "days", "minimum"), [(30_000, 10, 500), (4_000, 10, 200), (300, 10, 50), (2_500, 1, 500)]
)
def test_the_minimum_is_half_a_usual_day_within_limits(tmp_path: Path, n: int, days: int, minimum: int) -> None:
    stamps = [START + timedelta(days=days) * i / n for i in range(n)]
    path, notes = write(tmp_path, {"at": stamps, "x": [i / 7 for i in range(n)]}, timestamp="at")
    assert load_monitor(path).sample.minimum == minimum
    assert any("requests a day" in note for note in notes) is (n / days < 200)
    assert any("`window: P7D` is needed" in note for note in notes) is (n / days < minimum)


def test_without_times_the_minimum_is_a_tenth_of_the_reference(tmp_path: Path) -> None:
    path, _ = write(tmp_path, {"x": [i / 7 for i in range(2_000)]})
    assert load_monitor(path).sample.minimum == 200


def test_days_without_requests_do_not_count_as_usual_ones(tmp_path: Path) -> None:
    stamps = [START + timedelta(days=30 * (i % 2), seconds=i) for i in range(1_000)]
    path, _ = write(tmp_path, {"at": stamps, "x": [i / 7 for i in range(1_000)]}, timestamp="at")
    assert load_monitor(path).sample.minimum == 200


def test_fields_of_objects_are_columns_of_their_own(tmp_path: Path) -> None:
    path, _ = write(tmp_path, {"payload": [{"amount": i / 7, "card": {"kind": "ab"[i % 2]}} for i in range(100)]})
    features = {name: feature.type for name, feature in load_monitor(path).features.items()}
    assert features == {"payload.amount": "numeric", "payload.card.kind": "categorical"}


@pytest.mark.parametrize("name", ["Churn", "2churn", "churn-model", "", "größe"])
def test_a_name_that_no_dag_can_have_is_refused_with_one_that_it_can(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError, match="cannot name a monitor") as refused:
        write_monitor(name, tmp_path / "reference.parquet", roles={})
    suggested = str(refused.value).rpartition("'")[0].rpartition("'")[2]
    (tmp_path / "reference.parquet").touch()
    assert suggested.isidentifier() and suggested.islower()


def test_a_folder_that_is_not_there_is_made(tmp_path: Path) -> None:
    pq.write_table(pa.table({"x": [i / 7 for i in range(100)]}), tmp_path / "r.parquet")
    path, _ = write_monitor("m", tmp_path / "r.parquet", roles={}, output=tmp_path / "a" / "b" / "m.yaml")
    assert load_monitor(path).reference_uri.endswith("a/b/../../r.parquet")
