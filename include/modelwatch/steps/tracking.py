"""log_to_mlflow: the metrics of the evaluations that a run made, for whoever looks at models there."""

from collections.abc import Sequence

from modelwatch.errors import SettingsError
from modelwatch.report.document import Evaluation
from modelwatch.report.mlflow import log_runs
from modelwatch.report.tracked import TrackedRun, tracked_run
from modelwatch.sources.http_session import base_url
from modelwatch.steps.run import Connect, Run
from modelwatch.store import engine, evaluations, repository


def log_to_mlflow(run: Run, connect: Connect, evaluation_ids: Sequence[int]) -> int:
    """Log each evaluation once, however often this is tried; returns how many were new.

    Raises:
        SettingsError: the monitor names no MLflow, the client is not installed, or credentials are refused.
        TrackingError: the server cannot be reached, or does not take a run.
    """
    spec = run.monitor.mlflow
    if spec is None:
        message = f"{run.monitor.path}: the monitor logs nowhere; add mlflow (docs/mlflow.md)"
        raise SettingsError(message)
    connection = connect(spec.connection)
    runs = _tracked(run, evaluation_ids)
    return log_runs(runs, connection, base_url(connection), spec.experiment)


def _tracked(run: Run, evaluation_ids: Sequence[int]) -> list[TrackedRun]:
    with engine.session(run.settings.database_url) as session:
        stored = [
            (repository.load_evaluation(session, one), evaluations.evidence(session, one, with_profile=False))
            for one in evaluation_ids
        ]
    return [
        tracked_run(
            Evaluation(one.monitor, one.window, one.judgement, one.n_reference, one.n_current, one.coverage, one.page),
            number=one.number,
            run_id=one.run_id,
            versions=[one.model_version] if one.model_version else [*(evidence.sample or {}).get("versions", {})],
        )
        for one, evidence in stored
    ]
