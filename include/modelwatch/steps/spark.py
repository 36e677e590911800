"""fetch_sample of a source that Spark counts where it lies: counts and sample come in one pass over the table."""

from dataclasses import replace

from modelwatch.config import SparkSource
from modelwatch.sources.spark import SparkRequests
from modelwatch.sources.spark_parts import Job
from modelwatch.steps.fetch import connection_of, keep_profile, keep_sample, noting_failure
from modelwatch.steps.reference import load_reference
from modelwatch.steps.rejects import with_rejects
from modelwatch.steps.run import Connect, Run


def count_where_it_lies(run: Run, source: SparkSource, connect: Connect) -> str:
    """Have Spark count all of the window's requests; keeps their profile and sample, returns the sample's URI.

    Raises:
        SourceError: the table could not be read to its end; the reason is kept for `judge_and_store`.
    """
    monitor = run.monitor
    job = Job(
        schema=monitor.schema(),
        cells=load_reference(monitor, run.settings).cells,
        window=run.window,
        timezone=monitor.tzinfo,
        rows=monitor.sample.rows,
        salt=monitor.monitor,
        version=run.model_version,
    )
    requests = SparkRequests(source, connection_of(monitor, connect))
    with noting_failure(run, run.window):
        profile, sample = requests.count(job)
    keep_profile(run, with_rejects(profile, sample.rejects))
    return keep_sample(run, replace(sample, n_counted=profile.n_rows))
