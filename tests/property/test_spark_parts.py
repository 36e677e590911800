"""What Spark's executors do, without Spark: however a table is cut, its parts make the same profile and sample."""

from datetime import UTC, timedelta

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from modelwatch.domain import Column, Schema, Sensitive, Window
from modelwatch.profile import encode_profile, fit_cells
from modelwatch.sources.spark_parts import Job
from support import churn

COLUMNS = (
    Column("request_id", ("request_id",), "text", required=True),
    Column("requested_at", ("requested_at",), "timestamp"),
    Column("tenure_months", ("tenure_months",), "number"),
    Column("plan", ("plan",), "text"),
    Column("gender", ("gender",), "text"),
    Column("flagged", ("flagged",), "flag"),
)
SCHEMA = Schema(
    COLUMNS,
    {"tenure_months": "numeric", "plan": "categorical"},
    id="request_id",
    timestamp="requested_at",
    decision="flagged",
    sensitive=(Sensitive("gender"),),
)
ROWS = churn.requests(400, start=churn.MARCH, days=2)
JOB = Job(
    SCHEMA,
    fit_cells(churn.requests(900, start=churn.MARCH, seed=1), SCHEMA),
    Window(churn.MARCH, churn.MARCH + timedelta(days=1)),
    UTC,
    rows=60,
    salt="churn",
)


def counted(partitions: list[pa.Table]) -> tuple[bytes, pa.Table, int]:
    """Count each partition, put the parts together in two rounds, and the rest here."""
    parts = [part for table in partitions for part in JOB.count(table.to_batches(max_chunksize=37))]
    half = len(parts) // 2
    for _ in range(2):
        parts = [part for some in (parts[:half], parts[half:]) for part in JOB.merge(some)]
    profile, sample = JOB.together([part for batch in parts for part in JOB.unpack(batch.to_pylist())])
    return encode_profile(profile), sample.rows, sample.n_seen


@hypothesis_settings(max_examples=12)
@given(places=st.lists(st.integers(0, 4), min_size=400, max_size=400))
def test_partitions_add_up_to_the_table_at_once(places: list[int]) -> None:
    at = np.array(places)
    partitions = [ROWS.take(np.flatnonzero(at == number)) for number in range(5)]
    profile, rows, n_seen = counted(partitions)
    whole, whole_rows, whole_seen = counted([ROWS])
    assert profile == whole
    assert rows.equals(whole_rows)
    assert n_seen == whole_seen
    assert rows.num_rows == 60 < n_seen < 400


def test_an_id_in_two_partitions_is_noticed_and_in_one_it_counts_once() -> None:
    day = ROWS.slice(0, 50)
    _, apart = JOB.together(
        [part for table in (day, day) for one in JOB.count(table.to_batches()) for part in JOB.unpack(one.to_pylist())]
    )
    assert (apart.n_seen, apart.n_duplicate) == (50, 50)
    (one,) = JOB.count(pa.concat_tables([day, day]).to_batches())
    ((profile, together),) = JOB.unpack(one.to_pylist())
    assert (profile.n_rows, together.n_seen, together.n_duplicate) == (50, 50, 50)
