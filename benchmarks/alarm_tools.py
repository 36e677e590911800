"""The tools whose alarms are compared: modelwatch in this process, the others in environments of their own."""

import json
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pyarrow.parquet as pq
from experiments import Experiment

from modelwatch.config import load_monitor
from modelwatch.init import write_monitor
from modelwatch.report.document import Evaluation
from modelwatch.settings import Settings
from modelwatch.steps.check import check_file

HERE = Path(__file__).resolve().parent
PEER_ENVIRONMENTS = HERE.parent / "build" / "peers"
MODELWATCH = "modelwatch"
PEERS = {
    "plain scipy": "scipy",
    "Evidently DataDriftPreset": "evidently",
    "NannyML univariate": "nannyml",
    "alibi-detect TabularDrift": "alibi_detect",
}


@dataclass(frozen=True)
class Alarm:
    """What a tool said of one window.

    Attributes:
        features: the features it names; for modelwatch those of results at level alert.
        causes: the fingerprint of each named feature, where the tool gives one.
    """

    alarm: bool
    features: list[str]
    causes: Mapping[str, str] = field(default_factory=dict)


Tool = Callable[[Path], dict[str, Alarm]]
"""Judges the files of ``FOLDER/windows`` against ``FOLDER/reference.parquet``; alarms by the files' names."""


def prepare(folder: Path, experiment: Experiment) -> None:
    """The experiment's reference, and what modelwatch's user does once: `init`."""
    (folder / "home").mkdir(parents=True)
    reference = folder / "reference.parquet"
    pq.write_table(experiment.reference(), reference)
    path = folder / "monitor" / "bench.yaml"
    write_monitor("bench", reference, roles=experiment.roles, sensitive=experiment.sensitive, output=path)
    # init proposes a minimum from the reference's size; the benchmark asks about smaller windows too.
    path.write_text(path.read_text().replace("minimum: 500", "minimum: 50"))


def modelwatch(folder: Path) -> dict[str, Alarm]:
    """The monitor file that `init` writes, as it is, and `check` on every window."""
    monitor = load_monitor((folder / "monitor").resolve() / "bench.yaml")
    settings = Settings.from_env({"MODELWATCH_HOME": str((folder / "home").resolve())})
    return {path.stem: as_alarm(check_file(monitor, settings, str(path))) for path in windows_of(folder)}


def as_alarm(evaluation: Evaluation) -> Alarm:
    """Whether on-call would be paged, and with which features."""
    alerts = [result.measurement for result in evaluation.judgement.findings if result.status == "alert"]
    causes = {m.feature: m.cause for m in alerts if m.feature and m.cause}
    return Alarm(evaluation.page, sorted({m.feature for m in alerts if m.feature}), causes)


def peer(script: str, folder: Path) -> dict[str, Alarm]:
    """A tool that runs ``<script>_alarms.py FOLDER`` in its own environment and prints a JSON line per window."""
    python = PEER_ENVIRONMENTS / script / "bin" / "python"
    command = [str(python), str(HERE / "peers" / f"{script}_alarms.py"), str(folder)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return {line["window"]: Alarm(line["alarm"], line["features"]) for line in lines}


def tools() -> dict[str, Tool]:
    """modelwatch, and the peers that have an environment."""
    installed = {name: script for name, script in PEERS.items() if (PEER_ENVIRONMENTS / script / ".installed").exists()}
    return {MODELWATCH: modelwatch} | {name: partial(peer, script) for name, script in installed.items()}


def windows_of(folder: Path) -> list[Path]:
    """The windows' files in order."""
    return sorted((folder / "windows").glob("*.parquet"))
