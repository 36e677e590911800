"""The tools whose alarms are compared: modelwatch in this process, the others in environments of their own."""

import json
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq

from modelwatch.config import load_monitor
from modelwatch.init import write_monitor
from modelwatch.report.document import Evaluation
from modelwatch.settings import Settings
from modelwatch.steps.check import check_file
from modelwatch.steps.offline import backtest_file

HERE = Path(__file__).resolve().parent
PEER_ENVIRONMENTS = HERE.parent / "build" / "peers"
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
    features: frozenset[str] = frozenset()
    causes: Mapping[str, str] | None = None


Tool = Callable[[Path], dict[str, Alarm]]


def modelwatch(folder: Path, roles: Mapping[str, str | None] | None = None) -> dict[str, Alarm]:
    """The monitor file that `init` writes, as it is, and `check` on every window."""
    path = folder / "monitor" / "bench.yaml"
    if not path.exists():
        sensitive = ["group"] if "group" in pq.read_schema(folder / "reference.parquet").names else []
        write_monitor("bench", folder / "reference.parquet", roles=roles or {}, sensitive=sensitive, output=path)
        # init proposes a minimum from the reference's size; the benchmark asks about smaller windows too.
        path.write_text(path.read_text().replace("minimum: 500", "minimum: 50"))
    monitor, settings = load_monitor(path), Settings.from_env({"MODELWATCH_HOME": str(folder / "home")})
    return {one.stem: as_alarm(check_file(monitor, settings, str(one))) for one in windows_of(folder)}


def modelwatch_backtest(folder: Path, roles: Mapping[str, str | None]) -> dict[str, Alarm]:
    """The monitor file that `init` writes, and `backtest` by day over all windows in one file with timestamps."""
    path = folder / "monitor" / "bench.yaml"
    write_monitor("bench", folder / "reference.parquet", roles=roles, output=path)
    monitor, settings = load_monitor(path), Settings.from_env({"MODELWATCH_HOME": str(folder / "home")})
    evaluations = backtest_file(monitor, settings, str(folder / "all.parquet"), every=timedelta(days=1))
    return {str(one.window): as_alarm(one) for one in evaluations}


def as_alarm(evaluation: Evaluation) -> Alarm:
    """Whether on-call would be paged, and with which features."""
    alerts = [result.measurement for result in evaluation.judgement.findings if result.status == "alert"]
    causes = {m.feature: m.cause for m in alerts if m.feature and m.cause}
    return Alarm(evaluation.page, frozenset(m.feature for m in alerts if m.feature), causes)


def peer(script: str) -> Tool:
    """A tool that runs ``<script>_alarms.py FOLDER`` in its own environment and prints a JSON line per window."""

    def run(folder: Path) -> dict[str, Alarm]:
        python = PEER_ENVIRONMENTS / script / "bin" / "python"
        command = [str(python), str(HERE / "peers" / f"{script}_alarms.py"), str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        return {line["window"]: Alarm(line["alarm"], frozenset(line["features"])) for line in lines}

    return run


def installed_peers() -> dict[str, Tool]:
    """The peers that have an environment (`make bench` makes them)."""
    return {name: peer(script) for name, script in PEERS.items() if (PEER_ENVIRONMENTS / script).exists()}


def windows_of(folder: Path) -> list[Path]:
    """The windows' files in order."""
    return sorted((folder / "windows").glob("*.parquet"))
