"""fetch_sample and build_profile: from the source to counts."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from modelwatch.config import Monitor, SparkSource
from modelwatch.domain import Connection, Sample, Window
from modelwatch.errors import SourceError
from modelwatch.profile import Profile, decode_profile, encode_profile, profile_rows
from modelwatch.sampling import Sampler
from modelwatch.sources import open_source
from modelwatch.sources.base import of_version
from modelwatch.steps.reference import Reference, load_reference
from modelwatch.steps.rejects import with_rejects
from modelwatch.steps.run import Connect, Run
from modelwatch.steps.stream import with_labels
from modelwatch.store.samples import Artifacts


def fetch_sample(run: Run, connect: Connect) -> str:
    """Read the window's requests from the source and keep its deterministic sample; returns the sample's URI.

    Samples of this monitor that are older than the retention time are deleted on the way.

    Raises:
        SourceError: the source could not be read to its end; the reason is kept for `judge_and_store`.
    """
    source = run.monitor.source
    if isinstance(source, SparkSource):
        from modelwatch.steps.spark import count_where_it_lies  # only where it is used

        return count_where_it_lies(run, source, connect)
    return keep_sample(run, read_requests(run, connect, run.window).sample())


def read_requests(run: Run, connect: Connect, window: Window) -> Sampler:
    """Read this window's requests to the end.

    Raises:
        SourceError: that was not possible; the reason is kept for `judge_and_store`.
    """
    monitor, schema = run.monitor, run.monitor.request_schema()
    source = open_source(monitor.source, schema, connection_of(monitor, connect), timezone=monitor.tzinfo)
    sampler = Sampler(rows=monitor.sample.rows, salt=monitor.monitor, id_column=schema.id)
    with noting_failure(run, window):
        for page in source.pages(window):
            sampler.add(of_version(page, run.model_version, schema))
    return sampler


def connection_of(monitor: Monitor, connect: Connect) -> Connection | None:
    """The connection that the monitor's source names, if it names one."""
    return connect(monitor.source.connection) if monitor.source.connection else None


@contextmanager
def noting_failure(run: Run, window: Window) -> Iterator[None]:
    """Keep the reason for which a source could not be read to its end, for `judge_and_store`."""
    try:
        yield
    except SourceError as error:
        reason = str(error) if window == run.window else f"the part {window}: {error}"
        content = json.dumps({"reason": reason}).encode()
        Artifacts(run.settings.samples_url).write_bytes(_failure_path(run), content)
        raise


def keep_sample(run: Run, sample: Sample) -> str:
    """Write the window's sample, and delete those of this monitor whose time is over; returns its URI."""
    artifacts = Artifacts(run.settings.samples_url)
    artifacts.expire(datetime.now(UTC) - timedelta(days=run.settings.sample_retention_days), run.monitor.monitor)
    return artifacts.write_sample(run.folder, sample, run.window)


def failure_reason(run: Run) -> str | None:
    """Why the last `fetch_sample` of this run failed, if it did."""
    artifacts = Artifacts(run.settings.samples_url)
    data = artifacts.read_if_there(_failure_path(run))
    return None if data is None else str(json.loads(data)["reason"])


def build_profile(run: Run, sample_ref: str) -> str:
    """Count the sample in the reference's cells; returns the profile's URI.

    Where the source has counted all requests already, their profile lies beside the sample.
    """
    sample = Artifacts(run.settings.samples_url).read_sample(sample_ref)
    if sample.n_counted is not None:
        return f"{sample_ref.rpartition('/')[0]}/profile.bin"
    return keep_profile(run, profile_sample(sample, load_reference(run.monitor, run.settings), run))


def profile_sample(sample: Sample, reference: Reference, run: Run) -> Profile:
    """The sample's profile, with what was kept out of it."""
    return with_rejects(count_rows(sample.rows, reference, run), sample.rejects)


def count_rows(rows: pa.Table, reference: Reference, run: Run) -> Profile:
    """The counts of a sample's rows, or of some of them; labels that come later are unknown in all of them."""
    schema = run.monitor.schema()
    return profile_rows(
        with_labels(rows if rows.num_columns else empty_rows(run), None, schema), reference.cells, schema
    )


def keep_profile(run: Run, profile: Profile) -> str:
    """Write the window's profile; returns its URI."""
    return Artifacts(run.settings.samples_url).write_bytes(f"{run.folder}/profile.bin", encode_profile(profile))


def read_profile(run: Run, profile_ref: str, reference: Reference) -> Profile:
    """The profile that `build_profile` wrote."""
    return decode_profile(Artifacts(run.settings.samples_url).read_bytes(profile_ref), reference.cells)


def empty_rows(run: Run) -> pa.Table:
    """No rows, with every column of the schema: an empty window is judged like any other."""
    types = {
        "number": pa.float64(),
        "text": pa.string(),
        "flag": pa.bool_(),
        "timestamp": pa.timestamp("us", "UTC"),
    }
    columns = run.monitor.request_schema().columns
    return pa.table({column.name: pa.array([], types[column.type]) for column in columns})


def _failure_path(run: Run) -> str:
    return f"{run.folder}/fetch_failed.json"
