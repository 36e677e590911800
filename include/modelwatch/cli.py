"""The command line, each command a function; what they do is in `commands` and its kin.

Exit status: 0 ok or warning, 1 alert, 2 the config, data or usage is at fault, 3 not measured or insufficient.
"""

import gc
import os
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from modelwatch import alert_commands, commands, redeploy_commands
from modelwatch.errors import ModelwatchError

app = typer.Typer(
    name="modelwatch",
    help="Drift and fairness monitoring of deployed models: an alarm that is right, once, and says why.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Monitor = Annotated[str, typer.Argument(help="A name in include/monitors, or a path to a monitor file.")]
CurrentFile = Annotated[Path, typer.Option("--current", help="The requests to judge, parquet or csv.")]
LabelsFile = Annotated[Path | None, typer.Option("--labels", help="Labels by request id, parquet or csv.")]
From = Annotated[str | None, typer.Option("--from", help="Start of the window, ISO 8601 date or time.")]
To = Annotated[str | None, typer.Option("--to", help="End of the window (not included).")]
Column = Annotated[str | None, typer.Option(help="A column of the reference.")]


@app.command()
def init(  # noqa: PLR0913  # one option per role: the contract of the command
    name: Annotated[str, typer.Argument(help="Name of the monitor: lower-case letters, digits, underscores.")],
    reference: Annotated[Path, typer.Option(help="Requests of a good time, parquet or csv.")],
    id: Column = None,  # noqa: A002  # the option is called --id
    timestamp: Column = None,
    score: Column = None,
    decision: Column = None,
    label: Column = None,
    sensitive: Annotated[list[str] | None, typer.Option(help="A sensitive feature; may be repeated.")] = None,
    output: Annotated[Path | None, typer.Option(help="The file to write.")] = None,
) -> None:
    """Write a monitor file for a reference: feature types inferred, thresholds sensible."""
    roles = {"id": id, "timestamp": timestamp, "score": score, "decision": decision, "label": label}
    commands.init(name, reference, roles=roles, sensitive=sensitive or [], output=output)


@app.command()
def lint(
    files: Annotated[list[Path] | None, typer.Argument(help="Monitor files; all without any.")] = None,
) -> None:
    """Check monitor files, and that their references fit, without Airflow."""
    raise typer.Exit(commands.lint(files or []))


@app.command()
def check(
    monitor: Monitor,
    current: CurrentFile,
    labels: LabelsFile = None,
    start: From = None,
    end: To = None,
    output: Annotated[Literal["table", "json"], typer.Option(help="How to print the result.")] = "table",
) -> None:
    """Judge a file of requests as one window; needs no database and no network."""
    raise typer.Exit(commands.check(monitor, current, labels=labels, start=start, end=end, output=output))


@app.command()
def backtest(
    monitor: Monitor,
    current: CurrentFile,
    every: Annotated[str, typer.Option(help="Length of each window: 1d, 12h, P7D ...")],
    labels: LabelsFile = None,
    output: Annotated[Literal["table", "jsonl"], typer.Option(help="How to print the results.")] = "table",
    target: Annotated[
        float | None,
        typer.Option("--target-pages-per-month", min=0, help="Propose thresholds that would have paged no more often."),
    ] = None,
) -> None:
    """Judge every window of a file in order, persistence included."""
    raise typer.Exit(commands.backtest(monitor, current, every=every, labels=labels, output=output, target=target))


@app.command()
def run(
    monitor: Monitor,
    start: Annotated[str, typer.Option("--from", help="Start of the window, ISO 8601 date or time.")],
    end: Annotated[str, typer.Option("--to", help="End of the window (not included).")],
    output: Annotated[Literal["table", "json"], typer.Option(help="How to print the result.")] = "json",
) -> None:
    """Fetch a window from the monitor's source, judge it and store it: a Dag run without Airflow."""
    raise typer.Exit(commands.run(monitor, start=start, end=end, output=output))


@app.command()
def performance(
    monitor: Monitor,
    start: Annotated[str, typer.Option("--from", help="Start of the first window, ISO 8601 date or time.")],
    end: Annotated[str, typer.Option("--to", help="End of the last window (not included).")],
    as_of: Annotated[str | None, typer.Option("--as-of", help="The day whose knowledge of labels counts.")] = None,
    output: Annotated[Literal["table", "jsonl"], typer.Option(help="How to print the results.")] = "jsonl",
) -> None:
    """Show stored windows with the labels known now, or as they were known on a day; fetches and stores nothing."""
    raise typer.Exit(commands.performance(monitor, start=start, end=end, as_of=as_of, output=output))


@app.command()
def noise(
    monitor: Monitor,
    days: Annotated[int, typer.Option(min=1, help="How far back to look, from the newest stored window.")] = 90,
    output: Annotated[Literal["table", "json"], typer.Option(help="How to print the result.")] = "table",
) -> None:
    """Say what a changed monitor file would have paged, from the stored profiles; nothing is fetched."""
    raise typer.Exit(alert_commands.noise(monitor, days=days, output=output))


@app.command()
def drill(monitor: Monitor) -> None:
    """Send a known drift in a copy of the last sample the whole way to the test channel, and see that it arrives."""
    alert_commands.drill(monitor)


@app.command()
def watchdog() -> None:
    """Tell on-call of monitors that did not run or do not parse; 1 when there is one."""
    raise typer.Exit(alert_commands.watchdog())


@app.command()
def redeploy(
    monitor: Monitor,
    new: Annotated[str, typer.Option(help="The version that was deployed.")],
    old: Annotated[str, typer.Option(help="The version before it.")],
    since: Annotated[str, typer.Option(help="Since when the new version answers, ISO 8601 date or time.")],
    until: Annotated[str | None, typer.Option(help="Until when its requests are looked at; by default now.")] = None,
    requests: Annotated[
        int | None, typer.Option(min=0, help="Requests to the model's API at most; 0 asks nothing.")
    ] = None,
    output: Annotated[Literal["table", "json"], typer.Option(help="How to print the result.")] = "table",
) -> None:
    """Say whether a new version of the model is the same, changed, worse or unfair; asks its API, and stores."""
    versions = (old, new)
    raise typer.Exit(
        redeploy_commands.redeploy(monitor, versions, since=since, until=until, requests=requests, output=output)
    )


@app.command()
def migrate() -> None:
    """Create or upgrade the store's tables."""
    commands.migrate()


@app.command()
def ui(
    port: Annotated[int, typer.Option(min=1024, max=65535, help="Where to listen, on this machine only.")] = 8090,
) -> None:
    """Show model health in a browser, from the store and without Airflow."""
    commands.ui(port)


def main() -> None:
    """Run the command line; a named failure prints its message and exits 2, never a traceback."""
    _live_shortly()
    try:
        app()
    except ModelwatchError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)


def _live_shortly() -> None:
    """Leave out what only pays in a long process, a tenth of what `check` takes.

    OpenBLAS starts a thread per processor when numpy is imported, and they wait for large matrices by spinning; the
    garbage collector looks again and again through all that was imported.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    gc.set_threshold(50_000, 20, 20)
