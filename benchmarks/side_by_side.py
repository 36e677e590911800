"""The same two files through every tool, in turn, as whole processes; and whether answers that should agree do.

    python benchmarks/side_by_side.py [--rounds 3] [--reference-rows 500000] [--current-rows 100000] [--only NAME ...]

Every round runs every tool once, so that a slow minute of the machine is everybody's; the medians of the rounds are
reported. CPU is user and system time of the whole process, imports included; "work" is the CPU time after the imports.
"""

import argparse
import math
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
from speed_data import ROOT, Run, answer, measured, median_of, monitor_file, requests

PEERS = ROOT / "benchmarks" / "peers"
Answers = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Tool:
    """One line of the table.

    Attributes:
        script: a script in ``benchmarks/peers``, or None for the command line of modelwatch.
        venv: the peer's environment, or None for the project's own.
        arguments: the script's.
    """

    name: str
    script: str | None
    venv: str | None = None
    arguments: tuple[str, ...] = ()

    def command(self, folder: Path) -> list[str | Path]:
        """What to run."""
        python = sys.executable if self.venv is None else ROOT / "build" / "peers" / self.venv / "bin" / "python"
        if self.script is None:
            monitor, current = folder / "speed.yaml", folder / "current.parquet"
            return [python, "-m", "modelwatch", "check", monitor, "--current", current, "--output", "json"]
        return [python, PEERS / self.script, folder, *self.arguments]


TOOLS = (
    Tool("modelwatch check, reference prepared", None, None, ("prepared",)),
    Tool("modelwatch check, cold", None),
    Tool("modelwatch in a process, prepared", "modelwatch_speed.py", None, ("prepared",)),
    Tool("modelwatch in a process, cold", "modelwatch_speed.py"),
    Tool("plain numpy: PSI and KS alone, prepared", "numpy_speed.py", None, ("prepared",)),
    Tool("plain numpy: PSI and KS alone, cold", "numpy_speed.py"),
    Tool("scipy loop: KS and chi-square", "scipy_speed.py", "scipy"),
    Tool("Evidently DataDriftPreset", "evidently_speed.py", "evidently"),
    Tool("Evidently ValueDrift alone", "evidently_speed.py", "evidently", ("values",)),
    Tool("NannyML KS and chi-square", "nannyml_speed.py", "nannyml"),
    Tool("NannyML, all its methods", "nannyml_speed.py", "nannyml", ("all",)),
    Tool("alibi-detect TabularDrift", "alibi_detect_speed.py", "alibi_detect"),
    Tool("whylogs profiles and drift", "whylogs_speed.py", "whylogs"),
)


def main() -> None:
    """Print the table and the agreement as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--reference-rows", type=int, default=500_000)
    parser.add_argument("--current-rows", type=int, default=100_000)
    parser.add_argument("--only", nargs="*", default=[], help="words of the tools to run; modelwatch always is")
    options = parser.parse_args()
    tools = [t for t in TOOLS if t.script is None or not options.only or any(w in t.name for w in options.only)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pq.write_table(requests(options.reference_rows, 1), folder / "reference.parquet")
        pq.write_table(requests(options.current_rows, 2), folder / "current.parquet")
        monitor_file(folder)
        runs: dict[Tool, list[Run]] = {}
        for number in range(options.rounds):
            for tool in tools:
                runs.setdefault(tool, []).append(_run(tool, folder, number))
    print(f"{options.reference_rows:,} x 50 reference, {options.current_rows:,} x 50 current, parquet; ", end="")
    print(f"medians of {options.rounds} rounds.\n")
    print(table({tool: median_of(one) for tool, one in runs.items()}))
    print("\n" + agreement({tool.name: answer(one[-1])["answers"] for tool, one in runs.items() if tool.script}))


def _run(tool: Tool, folder: Path, number: int) -> Run:
    """Cold runs have a home of their own every time; prepared ones share one, filled before the first is measured."""
    is_prepared = "prepared" in tool.arguments
    environ = {"MODELWATCH_HOME": str(folder / ("home" if is_prepared else f"home {tool.name} {number}"))}
    if is_prepared and number == 0:
        measured(tool.command(folder), environ)
    run = measured(tool.command(folder), environ)
    sys.stderr.write(f"{tool.name:<45} wall {run.wall:6.2f}  cpu {run.cpu:6.2f}  peak {run.peak_mb:6.0f} MB\n")
    return run


def table(runs: Mapping[Tool, Run]) -> str:
    """One line per tool; ratios are CPU over that of `modelwatch check` with its reference prepared."""
    base = next(iter(runs.values())).cpu
    base_work = next((_work(t, r) for t, r in runs.items() if t.name == "modelwatch in a process, prepared"), math.nan)
    lines = [
        "| tool | wall s | CPU s | work CPU s | peak MB | CPU / ours | work / ours |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for tool, run in runs.items():
        work = _work(tool, run)
        shown = ("", "") if math.isnan(work) else (f"{work:.2f}", f"{work / base_work:.1f}")
        lines.append(
            f"| {tool.name} | {run.wall:.2f} | {run.cpu:.2f} | {shown[0]} | {run.peak_mb:.0f} | {run.cpu / base:.1f} "
            f"| {shown[1]} |"
        )
    return "\n".join(lines)


def _work(tool: Tool, run: Run) -> float:
    return math.nan if tool.script is None else float(answer(run)["work_cpu"])


# Metric of ours, what a peer calls it, the factor between the two, and how far apart they may be.
CLAIMS = (
    ("scipy loop: KS and chi-square", "ks_statistic", "kolmogorov_smirnov", 1.0, 1 / 4096 + 1e-9, "a cell's mass"),
    ("scipy loop: KS and chi-square", "chi2", "chi2", 1.0, 1e-6, "exact"),
    ("scipy loop: KS and chi-square", "js_distance", "jensen_shannon", 1.0, 1e-9, "exact, categories"),
    ("NannyML, all its methods", "ks_statistic", "kolmogorov_smirnov", 1.0, 1e-3, "NannyML bins the reference"),
    ("NannyML, all its methods", "chi2", "chi2", 1.0, 1e-6, "exact"),
    ("NannyML, all its methods", "js_distance", "jensen_shannon", 1.0, 1e-9, "exact, categories"),
    ("alibi-detect TabularDrift", "ks_statistic", "kolmogorov_smirnov", 1.0, 1 / 4096 + 1e-6, "a cell's mass"),
    ("alibi-detect TabularDrift", "chi2", "chi2", 1.0, 1e-2, "float32"),
    (
        "Evidently DataDriftPreset",
        "js_distance",
        "Jensen-Shannon distance",
        math.sqrt(math.log(2)),
        1e-4,
        "its base is e; it adds to empty bins",
    ),
)


def agreement(answers: Mapping[str, Answers]) -> str:
    """Whether columns that both measured have the same value, as far as the two claim to compute the same thing."""
    mine = answers.get("modelwatch in a process, prepared") or answers.get("modelwatch in a process, cold") or {}
    lines = [
        "| answer | of | columns | largest difference | allowed | why | agrees |",
        "|---|---|---:|---:|---:|---|---|",
    ]
    for tool, metric, theirs, factor, allowed, why in CLAIMS:
        other = answers.get(tool, {}).get(theirs, {})
        both = [c for c in mine.get(metric, {}) if c in other and (metric != "js_distance" or c.startswith("c"))]
        if not both:
            continue
        worst = max(abs(factor * mine[metric][column] - other[column]) for column in both)
        verdict = "yes" if worst <= allowed else "**no**"
        lines.append(f"| `{metric}` | {tool} | {len(both)} | {worst:.2g} | {allowed:.2g} | {why} | {verdict} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
