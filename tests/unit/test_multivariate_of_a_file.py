"""Multivariate drift of a monitor's files: rows bounded and kept, the detector chosen by the monitor file."""

import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from modelwatch.config import load_monitor
from modelwatch.errors import SettingsError
from modelwatch.report.document import Evaluation, document
from modelwatch.settings import Settings
from modelwatch.steps.check import check_file
from modelwatch.steps.rows import bounded
from support.joint_rows import joint

Check = Callable[..., Evaluation]
MONITOR = """\
monitor: joint
source: {{type: files, uri: "*.parquet"}}
columns: {{id: id}}
reference: {{uri: reference.parquet}}
sample: {{rows: 20000, minimum: 500}}
features: {{f0: numeric, f1: numeric, f2: numeric}}
multivariate: {options}
"""


def requests(n: int, seed: int, **change: float) -> pa.Table:
    rows = joint(n, seed, **change).select(["f0", "f1", "f2"])
    return rows.append_column("id", pa.array([f"r{seed}-{i}" for i in range(n)]))


@pytest.fixture
def check(tmp_path: Path) -> Check:
    pq.write_table(requests(3_000, 1), tmp_path / "reference.parquet")
    settings = Settings(home=tmp_path, monitors_dir=tmp_path, samples_url=(tmp_path / "samples").as_uri())

    def judge(current: pa.Table, options: str = "{rows: 1000}") -> Evaluation:
        (tmp_path / "joint.yaml").write_text(MONITOR.format(options=options))
        pq.write_table(current, tmp_path / "current.parquet")
        return check_file(load_monitor(tmp_path / "joint.yaml"), settings, str(tmp_path / "current.parquet"))

    return judge


def test_a_broken_correlation_pages_with_at_most_the_rows_asked_for(check: Check) -> None:
    found = check(requests(2_000, 2, rho=0.0))
    assert (found.judgement.verdict, found.page) == ("alert", True)
    told = [r.measurement for r in found.judgement.findings]
    assert {m.check for m in told} == {"multivariate_drift"}
    assert {(m.n_reference, m.n_current) for m in told} == {(1_000, 1_000)}


def test_the_references_rows_are_kept_once_for_each_bound_and_hold_features_alone(check: Check, tmp_path: Path) -> None:
    for options in ("{rows: 1000}", "{rows: 1000}", "{rows: 500}"):
        assert check(requests(2_000, 3), options).judgement.verdict == "ok"
    kept = sorted((tmp_path / "samples" / "reference").glob("*.parquet"))
    assert sorted(pq.read_table(path).num_rows for path in kept) == [500, 1_000]
    assert pq.read_table(kept[0]).column_names == ["f0", "f1", "f2"]


def test_the_same_files_give_the_same_document_from_the_cache_and_without(check: Check) -> None:
    current = requests(2_000, 4, rho=0.5)
    assert document(check(current)) == document(check(current))


def test_the_rows_do_not_depend_on_their_order() -> None:
    rows = requests(300, 5)
    turned = rows.take(pa.array(range(299, -1, -1)))
    assert bounded(rows, 100, "id").equals(bounded(turned, 100, "id"))


def test_none_leaves_the_check_out(check: Check) -> None:
    found = check(requests(2_000, 6, rho=0.0), "{detector: none}")
    assert "multivariate_drift" not in {r.measurement.check for r in found.judgement.results}
    assert found.judgement.verdict == "ok"


def test_an_empty_file_is_not_green(check: Check) -> None:
    found = check(requests(0, 7))
    assert found.judgement.verdict == "insufficient_data"
    reasons = {r.measurement.reason for r in found.judgement.results if r.measurement.check == "multivariate_drift"}
    assert reasons == {"the current sample has no rows"}


@pytest.mark.parametrize("detector", ["classifier_drift", "mmd_drift"])
def test_a_detector_that_is_not_installed_is_an_error_and_never_green(
    check: Check, detector: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "alibi_detect", None)
    with pytest.raises(SettingsError, match=f"detector: {detector} needs alibi-detect"):
        check(requests(2_000, 8), f"{{detector: {detector}}}")
