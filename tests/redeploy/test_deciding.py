"""Who decides on a new version, and what windows are compared with from then on."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
import sqlalchemy as sa

from modelwatch.config import Monitor
from modelwatch.domain import Column, Schema
from modelwatch.settings import Settings
from modelwatch.sources import files
from modelwatch.steps.accepted import as_logged, with_accepted_reference
from modelwatch.steps.redeploy import Redeploy, compare_traffic
from modelwatch.steps.redeploy_verdict import decide, judge_redeploy
from modelwatch.store import engine
from support.redeploys import comparison, model_server


@pytest.fixture
def judged(monitor: Monitor, settings: Settings) -> Iterator[Redeploy]:
    """A comparison of traffic alone, waiting for its decision."""
    with model_server("threshold") as server:
        one = comparison(monitor, settings, "threshold", budget=0)
        compare_traffic(one, server.connect)
        judge_redeploy(one, notify=False)
        yield one


def trail(settings: Settings) -> tuple[object, ...]:
    query = "SELECT decision, decided_by, decision_reason FROM redeploy"
    with engine.session(settings.database_url) as session:
        return tuple(session.execute(sa.text(query)).one())


def test_an_accepted_version_becomes_the_reference_of_later_windows(judged: Redeploy, settings: Settings) -> None:
    assert decide(judged, decision="accepted", by="alice", reason="as planned") == "threshold was accepted by alice"
    later = with_accepted_reference(judged.monitor, settings)
    assert later.reference_uri != judged.monitor.reference_uri
    assert later.sha256 != judged.monitor.sha256  # a verdict is kept with what it was compared with
    rows = files.read_table(later.reference_uri, later.schema(), timezone=later.tzinfo).rows
    assert set(rows["model_version"].to_pylist()) == {"threshold"}
    assert trail(settings) == ("accepted", "alice", "as planned")


def test_a_rejected_version_changes_nothing_but_the_trail(judged: Redeploy, settings: Settings) -> None:
    decide(judged, decision="rejected", by="bob")
    assert with_accepted_reference(judged.monitor, settings) == judged.monitor
    assert trail(settings) == ("rejected", "bob", None)


def test_too_few_requests_of_an_accepted_version_are_no_reference(judged: Redeploy, settings: Settings) -> None:
    demanding = judged.monitor.model_copy(
        update={"sample": judged.monitor.sample.model_copy(update={"minimum": 10**6})}
    )
    said = decide(replace(judged, monitor=demanding), decision="accepted", by="alice")
    assert "the reference stays" in said
    assert with_accepted_reference(judged.monitor, settings) == judged.monitor
    assert trail(settings) == ("accepted", "alice", None)


def test_the_first_decision_stands(judged: Redeploy, settings: Settings) -> None:
    decide(judged, decision="rejected", by="bob")
    assert decide(judged, decision="accepted", by="alice") == "threshold was rejected by bob"
    assert with_accepted_reference(judged.monitor, settings) == judged.monitor
    document = judge_redeploy(judged, notify=False)
    assert document["new_version"] == "threshold"
    assert trail(settings) == ("rejected", "bob", None)


def test_a_monitor_file_that_names_another_reference_since_then_is_heard(judged: Redeploy, settings: Settings) -> None:
    decide(judged, decision="accepted", by="alice")
    other = judged.monitor.reference.model_copy(update={"uri": "reference/of_next_year.parquet"})
    edited = judged.monitor.model_copy(update={"reference": other})
    assert with_accepted_reference(edited, settings).reference.uri == "reference/of_next_year.parquet"


@pytest.mark.parametrize("selected", [True, False, "declined", "1", 1, 0])
def test_accepted_rows_are_read_as_they_were_logged(tmp_path: Path, selected: str | int) -> None:
    schema = Schema((Column("flagged", ("flagged",), "flag", equals=selected),), {}, decision="flagged")
    rows = pa.table({"flagged": pa.array([True, False, None, True])})
    path = tmp_path / "accepted.parquet"
    pa.parquet.write_table(as_logged(rows, schema), path)
    found = files.read_table(str(path), schema, timezone=None).rows  # type: ignore[arg-type]
    assert found["flagged"].to_pylist() == [True, False, None, True]
