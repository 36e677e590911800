"""What each command of the command line does; `cli.py` only declares their arguments.

Imports are local to each command: `lint` must not pay for scipy, nor `check` for SQLAlchemy.
"""

import json
import sys
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib.abc import MetaPathFinder
from pathlib import Path

from modelwatch.config import Monitor, load_monitor, resolve_monitor
from modelwatch.domain import Window
from modelwatch.errors import SettingsError
from modelwatch.report.document import Evaluation, document
from modelwatch.settings import Settings, connection_from_env

EXIT_STATUS = {"ok": 0, "warning": 0, "alert": 1, "insufficient_data": 3, "not_measured": 3}


def init(
    name: str,
    reference: Path,
    *,
    roles: Mapping[str, str | None],
    sensitive: Sequence[str],
    output: Path | None,
) -> None:
    """Write the monitor file and say what was inferred."""
    from modelwatch.init import write_monitor

    path, notes = write_monitor(name, reference, roles=roles, sensitive=list(sensitive), output=output)
    _say(*notes, f"wrote {path}", f"next: modelwatch lint {path}")


def lint(files: Sequence[Path]) -> int:
    """Print every problem of every file; 2 when there is one."""
    import os

    from modelwatch.config import find_monitors
    from modelwatch.lint import lint_monitor

    folder = Settings.from_env().monitors_dir
    paths = list(files) or list(find_monitors(folder).values())
    if not paths:
        message = f"{folder}: no monitor files; write one with `modelwatch init`"
        raise SettingsError(message)
    bad = 0
    for path in paths:
        problems, notes = lint_monitor(path, os.environ)
        bad += bool(problems)
        _complain(*problems)
        _say(*(f"{path}: note: {note}" for note in notes), *([] if problems else [f"{path}: ok"]))
    return 2 if bad else 0


def check(monitor: str, current: Path, *, labels: Path | None, start: str | None, end: str | None, output: str) -> int:
    """Judge the file and print the result."""
    _leave_pandas_out()
    from modelwatch.steps.check import check_file

    settings, loaded = load(monitor)
    evaluation = check_file(
        loaded,
        settings,
        str(current),
        labels=None if labels is None else str(labels),
        start=moment(start, loaded, "--from"),
        end=moment(end, loaded, "--to"),
    )
    return _show(evaluation, output)


def backtest(
    monitor: str, current: Path, *, every: str, labels: Path | None, output: str, target: float | None = None
) -> int:
    """Judge every window and print each as it is judged; 1 when one would have paged, 3 when none was measured.

    Where stdout holds one JSON document per window there is no summary, and proposed thresholds go to stderr.
    """
    from modelwatch.report.table import backtest_line, backtest_summary
    from modelwatch.report.thresholds import proposal_lines
    from modelwatch.schedule import parse_every
    from modelwatch.steps.budget import expected_pages, propose
    from modelwatch.steps.offline import backtest_file

    settings, loaded = load(monitor)
    labels_file = None if labels is None else str(labels)
    evaluations = []
    for evaluation in backtest_file(loaded, settings, str(current), every=parse_every(every), labels=labels_file):
        _say(json.dumps(document(evaluation)) if output == "jsonl" else backtest_line(evaluation))
        evaluations.append(evaluation)
    if output == "table":
        _say(backtest_summary(evaluations, expected_pages(evaluations, loaded)))
    if target is not None:
        tell = _say if output == "table" else _complain
        tell(*proposal_lines(propose(evaluations, loaded, per_month=target), loaded, target))
    statuses = {EXIT_STATUS[evaluation.judgement.verdict] for evaluation in evaluations}
    return 1 if 1 in statuses else 0 if 0 in statuses else 3


def run(monitor: str, *, start: str, end: str, output: str) -> int:
    """Fetch, judge and store a window, then print what was stored."""
    from modelwatch.steps import Run
    from modelwatch.steps.accepted import with_accepted_reference
    from modelwatch.steps.inline import run_window

    settings, loaded = load(monitor)
    watched = with_accepted_reference(loaded, settings)
    one = Run(watched, _span(start, end, loaded), f"cli__{uuid.uuid4()}", "cli", settings)
    return _show(run_window(one, connection_from_env), output)


def performance(monitor: str, *, start: str, end: str, as_of: str | None, output: str) -> int:
    """Print each window with the labels known on a day; 1 when one is an alert, 3 when none could be judged."""
    from modelwatch.report.table import evaluation_table
    from modelwatch.steps.as_of import performance_as_of
    from modelwatch.steps.labels import labels_config
    from modelwatch.steps.migrated import migrated_settings

    settings, loaded = load(monitor)
    labels_config(loaded)  # before a store is looked for
    span, day = _span(start, end, loaded), moment(as_of, loaded, "--as-of")
    statuses = set()
    for evaluation in performance_as_of(loaded, migrated_settings(settings), span, day):
        _say(json.dumps(document(evaluation)) if output == "jsonl" else evaluation_table(evaluation))
        statuses.add(EXIT_STATUS[evaluation.judgement.verdict])
    return 1 if 1 in statuses else 0 if 0 in statuses else 3


def migrate() -> None:
    """Upgrade the store named in the settings, else the embedded one."""
    from modelwatch.steps.migrated import migrated_settings
    from modelwatch.store.engine import safe_url

    url = migrated_settings(Settings.from_env()).database_url
    _say(f"the store is up to date: {safe_url(url or '')}")


def _leave_pandas_out() -> None:
    """Tell pyarrow that there is no pandas: it imports it, half a second, to ask whether each scalar is one of its own.

    It looks only once, at the first scalar of the process. Nothing in these commands turns a table into a frame.
    """
    import pyarrow as pa

    if "pandas" not in sys.modules:
        sys.meta_path.insert(0, _WithoutPandas())
        pa.scalar(0)
        sys.meta_path.pop(0)


class _WithoutPandas(MetaPathFinder):
    def find_spec(self, fullname: str, path: object, target: object = None) -> None:  # noqa: ARG002  # the protocol
        if fullname == "pandas":
            raise ImportError(fullname)


def ui(port: int) -> None:
    """Serve the pages of the store on this machine until interrupted.

    Raises:
        SettingsError: what serves them is not installed.
    """
    import importlib
    from contextlib import suppress

    from modelwatch.steps.migrated import migrated_settings

    plugins = Path(__file__).resolve().parents[2] / "plugins"
    if plugins.is_dir():
        sys.path.append(str(plugins))
    try:
        local = importlib.import_module("modelwatch_ui.local")
    except ModuleNotFoundError as error:
        message = f"the pages need '{error.name}': pip install 'modelwatch[ui]', in a checkout of the project"
        raise SettingsError(message) from None
    with suppress(KeyboardInterrupt):
        local.serve(migrated_settings(Settings.from_env()), port=port, say=_say)


def load(monitor: str) -> tuple[Settings, Monitor]:
    """The settings, and the monitor of this name or path."""
    settings = Settings.from_env()
    return settings, load_monitor(resolve_monitor(monitor, settings.monitors_dir))


def _span(start: str, end: str, monitor: Monitor) -> Window:
    """The span between two moments that must be given."""
    first, last = moment(start, monitor, "--from"), moment(end, monitor, "--to")
    if first is None or last is None or last <= first:
        message = f"--to must be after --from; got --from {start} --to {end}"
        raise SettingsError(message)
    return Window(first, last)


def moment(text: str | None, monitor: Monitor, option: str) -> datetime | None:
    """An ISO date or time in UTC; one without an offset is in the monitor's time zone."""
    from datetime import UTC

    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        message = f"{option}: '{text}' is not an ISO 8601 date or time; write 2026-03-01 or 2026-03-01T06:00:00Z"
        raise SettingsError(message) from None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=monitor.tzinfo)
    return aware.astimezone(UTC)


def _show(evaluation: Evaluation, output: str) -> int:
    if output == "json":
        _say(json.dumps(document(evaluation), indent=2))
    else:
        from modelwatch.report.table import evaluation_table

        _say(evaluation_table(evaluation))
    return EXIT_STATUS[evaluation.judgement.verdict]


def _say(*lines: str) -> None:
    for line in lines:
        sys.stdout.write(f"{line}\n")
    sys.stdout.flush()  # who reads a pipe sees a window when it is judged, and a server's address when it listens


def _complain(*lines: str) -> None:
    for line in lines:
        sys.stderr.write(f"{line}\n")
