"""fetch_sample and build_profile: from the source to counts."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from modelwatch.domain import Page, Sample
from modelwatch.errors import SourceError
from modelwatch.profile import Profile, decode_profile, encode_profile, profile_rows
from modelwatch.sampling import Sampler
from modelwatch.sources import open_source
from modelwatch.steps.reference import Reference, load_reference
from modelwatch.steps.run import Connect, Run
from modelwatch.store.samples import Artifacts


def fetch_sample(run: Run, connect: Connect) -> str:
    """Read the window's requests from the source and keep its deterministic sample; returns the sample's URI.

    Samples of this monitor that are older than the retention time are deleted on the way.

    Raises:
        SourceError: the source could not be read to its end; the reason is kept for `judge_and_store`.
    """
    artifacts = Artifacts(run.settings.samples_url)
    monitor = run.monitor
    connection = connect(monitor.source.connection) if monitor.source.connection else None
    source = open_source(monitor.source, monitor.schema(), connection, timezone=monitor.tzinfo)
    sampler = Sampler(rows=monitor.sample.rows, salt=monitor.monitor, id_column=monitor.schema().id)
    try:
        for page in source.pages(run.window):
            sampler.add(_of_version(page, run))
    except SourceError as error:
        artifacts.write_bytes(_failure_path(run), json.dumps({"reason": str(error)}).encode())
        raise
    artifacts.expire(datetime.now(UTC) - timedelta(days=run.settings.sample_retention_days), monitor.monitor)
    return artifacts.write_sample(run.folder, sampler.sample(), run.window)


def failure_reason(run: Run) -> str | None:
    """Why the last `fetch_sample` of this run failed, if it did."""
    artifacts = Artifacts(run.settings.samples_url)
    data = artifacts.read_if_there(_failure_path(run))
    return None if data is None else str(json.loads(data)["reason"])


def build_profile(run: Run, sample_ref: str) -> str:
    """Count the sample in the reference's cells; returns the profile's URI."""
    artifacts = Artifacts(run.settings.samples_url)
    reference = load_reference(run.monitor, run.settings)
    profile = profile_sample(artifacts.read_sample(sample_ref), reference, run)
    return artifacts.write_bytes(f"{run.folder}/profile.bin", encode_profile(profile))


def profile_sample(sample: Sample, reference: Reference, run: Run) -> Profile:
    """The sample's profile, with what was kept out of it."""
    schema = run.monitor.schema()
    type_errors: dict[str, int] = {}
    for reject in sample.rejects:
        type_errors[reject.column] = type_errors.get(reject.column, 0) + reject.count
    rows = sample.rows if sample.rows.num_columns else empty_rows(run)
    profile = profile_rows(rows, reference.cells, schema)
    return replace(profile, type_errors=type_errors, n_rejected=sample.n_rejected)


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
    columns = run.monitor.schema().columns
    return pa.table({column.name: pa.array([], types[column.type]) for column in columns})


def _of_version(page: Page, run: Run) -> Page:
    column = run.monitor.schema().model_version
    if run.model_version is None or column is None:
        return page
    return replace(page, rows=page.rows.filter(pc.equal(page.rows[column], run.model_version)), total=None)


def _failure_path(run: Run) -> str:
    return f"{run.folder}/fetch_failed.json"
