"""Spark counts a table where it lies: to the last count what reading its files here gives.

Runs in an environment of its own, build/spark (`make test` makes it where there is Java).
"""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

pytest.importorskip("pyspark", reason="Spark has an environment of its own: `make test` runs these with Java 17")

from modelwatch.config import SparkSource, load_monitor
from modelwatch.domain import Sample, Window
from modelwatch.errors import SourceConfigError
from modelwatch.profile import Profile, encode_profile, fit_cells, profile_rows
from modelwatch.sampling import Sampler
from modelwatch.sources.base import within
from modelwatch.sources.files import read_pages, read_table
from modelwatch.sources.spark import SparkRequests
from modelwatch.sources.spark_parts import Job
from modelwatch.store.engine import EmbeddedPostgres
from support import churn
from support.churn_monitor import write_monitor
from support.postgres import migrated_database

ADDRESS, DAY = "127.0.0.1", Window(churn.MARCH, churn.MARCH + timedelta(days=1))
N, FILES = 6000, 6


@dataclass(frozen=True)
class Spark:
    """A session with two cores, which also serves Spark Connect on a port."""

    session: Any
    port: int


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spark]:
    from pyspark.sql import SparkSession

    with socket.socket() as probe:
        probe.bind((ADDRESS, 0))
        port = int(probe.getsockname()[1])
    settings = {
        "spark.plugins": "org.apache.spark.sql.connect.SparkConnectPlugin",
        "spark.connect.grpc.binding.address": ADDRESS,
        "spark.connect.grpc.binding.port": str(port),
        "spark.driver.bindAddress": ADDRESS,
        "spark.driver.host": ADDRESS,
        "spark.sql.shuffle.partitions": "8",
        "spark.sql.session.timeZone": "America/New_York",  # must make no difference
        "spark.sql.warehouse.dir": str(tmp_path_factory.mktemp("warehouse")),
        "spark.ui.enabled": "false",
    }
    builder = SparkSession.builder.master("local[2]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        session = builder.getOrCreate()
        yield Spark(session, port)
        session.stop()


def awkward_requests() -> pa.Table:
    """Two days of requests with missing and infinite numbers, new words, and values that do not parse."""
    table, random = churn.requests(N, start=churn.MARCH, days=2), np.random.default_rng(7)
    tenure = table["tenure_months"].to_numpy().copy()
    tenure[random.integers(0, N, 200)] = np.nan
    tenure[random.integers(0, N, 20)] = np.inf
    charge = [f"{value}" for value in table["monthly_charge"].to_pylist()]
    for row in random.integers(0, N, 15):
        charge[row] = "unknown"
    plan = np.array(table["plan"].to_pylist(), dtype=object)
    plan[random.integers(0, N, 100)] = "trial"
    plan[random.integers(0, N, 100)] = None
    columns = {"tenure_months": tenure, "monthly_charge": charge, "plan": pa.array(plan, pa.string())}
    for name, values in columns.items():
        table = table.set_column(table.column_names.index(name), name, pa.array(values))
    return table


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of parquet files, and beside it the monitor with its reference."""
    root = tmp_path_factory.mktemp("lake")
    write_monitor(root)
    table = awkward_requests()
    again = table.slice(0, 40)  # the same requests, logged again an hour later with other values
    stamps = pa.array(
        [stamp + timedelta(hours=1) for stamp in again["requested_at"].to_pylist()], pa.timestamp("us", "UTC")
    )
    again = again.set_column(1, "requested_at", stamps).set_column(2, "tenure_months", pa.array(np.full(40, 999.0)))
    (root / "requests").mkdir()
    for number in range(FILES):
        pq.write_table(table.slice(number * N // FILES, N // FILES), root / "requests" / f"{number}.parquet")
    pq.write_table(again, root / "requests" / "again.parquet")
    (root / "unique").mkdir()
    for number in range(FILES):
        os.link(root / "requests" / f"{number}.parquet", root / "unique" / f"{number}.parquet")
    return root


def job_of(folder: Path, rows: int) -> Job:
    monitor = load_monitor(folder / "include" / "monitors" / "churn.yaml")
    schema = monitor.schema()
    cells = fit_cells(read_table(monitor.reference_uri, schema, timezone=monitor.tzinfo).rows, schema)
    return Job(schema, cells, DAY, monitor.tzinfo, rows, monitor.monitor)


def counted_here(files: list[Path], job: Job) -> tuple[Profile, Sample]:
    """The window's distinct rows of the files, one after the other, counted at once."""
    sampler, seen, tables = Sampler(rows=job.rows, salt=job.salt, id_column=job.schema.id), set[str](), []
    for path in files:
        for page in read_pages(str(path), job.schema, timezone=job.timezone):
            inside = within(page, job.window, job.schema)
            sampler.add(replace(inside, rejects=()))
            is_new = [not (one in seen or seen.add(one)) for one in inside.rows["request_id"].to_pylist()]  # type: ignore[func-returns-value]
            tables.append(inside.rows.filter(pa.array(is_new, pa.bool_())))
    return profile_rows(pa.concat_tables(tables), job.cells, job.schema), sampler.sample()


def test_the_counts_and_the_sample_are_those_of_the_files_read_here(spark: Spark, folder: Path) -> None:
    job = job_of(folder, rows=500)
    files = [
        *(folder / "requests" / f"{number}.parquet" for number in range(FILES)),
        folder / "requests" / "again.parquet",
    ]
    profile, sample = counted_here(files, job)
    there, sampled = SparkRequests(SparkSource(type="spark", path=str(folder / "requests")), None).count(job)
    assert encode_profile(there) == encode_profile(profile)
    assert sampled.rows.equals(sample.rows)
    assert (sampled.n_seen, sampled.n_duplicate) == (sample.n_seen, sample.n_duplicate)
    assert sampled.n_duplicate > 30
    assert 0 < sampled.n_rejected <= 15


def test_a_table_with_unique_ids_is_counted_without_moving_its_rows(spark: Spark, folder: Path) -> None:
    spark.session.read.parquet(str(folder / "unique")).createOrReplaceTempView("requests")
    job = job_of(folder, rows=100_000)
    profile, sample = counted_here(sorted((folder / "unique").iterdir()), job)
    source = SparkSource(type="spark", table="requests", unique_ids=True, where="gender IN ('F', 'M')")
    there, sampled = SparkRequests(source, None).count(job)
    assert encode_profile(there) == encode_profile(profile)
    assert sampled.rows.equals(sample.rows)


def test_ids_that_are_not_unique_after_all_are_noticed(spark: Spark, folder: Path) -> None:
    source = SparkSource(type="spark", path=str(folder / "requests"), unique_ids=True)
    with pytest.raises(SourceConfigError, match="are there twice; write unique_ids: false"):
        SparkRequests(source, None).count(job_of(folder, rows=100_000))


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ({"table": "nowhere"}, "refuses the source: .*nowhere"),
        ({"path": "{folder}/include/monitors/churn.parquet", "where": "no such"}, "refuses the source"),
        ({"path": "{folder}/other"}, "there is no column 'request_id'; found: x"),
    ],
)
def test_a_place_that_is_not_there_is_named(spark: Spark, folder: Path, source: dict[str, str], words: str) -> None:
    (folder / "other").mkdir(exist_ok=True)
    pq.write_table(pa.table({"x": [1]}), folder / "other" / "0.parquet")
    filled = {key: text.replace("{folder}", str(folder)) for key, text in source.items()}
    with pytest.raises(SourceConfigError, match=words):
        SparkRequests(SparkSource(type="spark", **filled), None).count(job_of(folder, rows=10))


def test_no_requests_is_a_profile_of_none(spark: Spark, folder: Path) -> None:
    empty = replace(
        job_of(folder, rows=10), window=Window(DAY.start - timedelta(days=9), DAY.start - timedelta(days=8))
    )
    profile, sample = SparkRequests(SparkSource(type="spark", path=str(folder / "unique")), None).count(empty)
    assert (profile.n_rows, sample.n_seen, sample.rows.num_rows) == (0, 0, 0)


def test_run_over_spark_connect_says_what_check_says_of_the_same_files(
    spark: Spark, folder: Path, tmp_path: Path, postgres: EmbeddedPostgres
) -> None:
    pq.write_table(pq.read_table(folder / "unique"), tmp_path / "all.parquet")
    path = folder / "include" / "monitors" / "churn.yaml"
    text = path.read_text()
    start, end = text.index("source:"), text.index("columns:")
    lake = f"source: {{type: spark, connection: lake, path: {folder / 'unique'}}}\n"
    on_spark = path.with_name("on_spark.yaml")
    on_spark.write_text((text[:start] + lake + text[end:]).replace("monitor: churn", "monitor: on_spark"))
    with migrated_database(postgres) as url:
        environ = {
            **os.environ,
            "AIRFLOW_CONN_LAKE": json.dumps(
                {"conn_type": "spark_connect", "host": f"sc://{ADDRESS}", "port": spark.port}
            ),
            "MODELWATCH_DATABASE_URL": url,
            "MODELWATCH_HOME": str(tmp_path / "home"),
        }
        window = ("--from", "2026-03-01", "--to", "2026-03-02")
        stored = printed("run", str(on_spark), *window, environ=environ)
    checked = printed(
        "check", str(path), "--current", str(tmp_path / "all.parquet"), *window, "--output", "json", environ=environ
    )
    assert stored["n_current"] == checked["n_current"] > 2900
    assert without_rejects(stored["results"]) == without_rejects(checked["results"])
    assert (stored["verdict"], stored["n_reference"]) == (checked["verdict"], checked["n_reference"])


def without_rejects(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without the rows that did not parse: a file's are told whatever their window, a table's in their own."""
    return [one for one in results if one["metric"] != "type_error_share"]


def printed(*arguments: str, environ: dict[str, str]) -> dict[str, Any]:
    """The document that a command prints, in a process of its own: one process has one kind of session."""
    command = [sys.executable, "-m", "modelwatch", *arguments]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode in (0, 1), done.stderr[-3000:]
    document: dict[str, Any] = json.loads(done.stdout)
    return document
