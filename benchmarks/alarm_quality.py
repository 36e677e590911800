"""How right the alarms are: pages on quiet windows, changes found, features and causes named; and the peers' the same.

    PYTHONPATH=include python benchmarks/alarm_quality.py [--windows 400] [--peer-windows 100] [--output FILE]

Every window is made from a seed of its own, so the table comes out the same on any machine. modelwatch is used as a
user would: the monitor file that `init` writes, but for the minimum sample size, which is lowered so that small windows
are judged at all. The peers run at their defaults. Intervals are Wilson's at 95 %.
"""

import argparse
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from alarm_tools import Alarm, Tool, installed_peers, modelwatch, windows_of
from fairness_scenarios import fairness_rows
from real_days import quiet_days
from scenarios import SCENARIOS, Scenario, as_table, requests
from statsmodels.stats.proportion import proportion_confint

N_REFERENCE = 50_000
SLOW = 20_000  # windows this large are made fewer


@dataclass(frozen=True)
class Row:
    """One line of the table: how many of how many, what was wanted, and of the named features how many were right."""

    what: str
    n: int
    hits: int
    of: int
    wanted: str
    named: tuple[int, int] = (0, 0)
    caused: tuple[int, int] = (0, 0)

    def __str__(self) -> str:
        low, high = proportion_confint(self.hits, self.of, method="wilson")
        cells = [
            self.what,
            f"{self.n:,}",
            f"{100 * self.hits / self.of:.1f} % ({100 * low:.1f} to {100 * high:.1f})",
            self.wanted,
            _share(self.named),
            _share(self.caused),
        ]
        return f"| {' | '.join(cells)} |"


def scenario_rows(tool: Tool, n_windows: int) -> Iterator[Row]:
    """Every scenario at every size it is asked for."""
    with tempfile.TemporaryDirectory() as name:
        reference = as_table(requests(np.random.default_rng(1), N_REFERENCE))
        for number, scenario in enumerate(SCENARIOS):
            for n in scenario.sizes:
                folder = Path(name)
                changed = _write_windows(folder, reference, scenario, (number, n), _fewer(n_windows, n))
                yield _row(scenario, n, tool(folder), changed)


def _fewer(n_windows: int, n: int) -> int:
    return max(20, n_windows // 4) if n >= SLOW else n_windows


def _write_windows(
    folder: Path, reference: pa.Table, scenario: Scenario, seed: tuple[int, int], n_windows: int
) -> dict[str, list[str]]:
    """The windows as files; returns which features were changed in each."""
    (folder / "windows").mkdir(exist_ok=True)
    for old in windows_of(folder):
        old.unlink()
    if not (folder / "reference.parquet").exists():
        pq.write_table(reference, folder / "reference.parquet")
    changed = {}
    for i in range(n_windows):
        rng = np.random.default_rng((*seed, i))
        columns = requests(rng, seed[1])
        changed[f"{i:05d}"] = scenario.change(rng, columns)
        pq.write_table(as_table(columns), folder / "windows" / f"{i:05d}.parquet")
    return changed


def _row(scenario: Scenario, n: int, said: dict[str, Alarm], changed: dict[str, list[str]]) -> Row:
    named = [(feature, feature in changed[window]) for window, one in said.items() for feature in one.features]
    causes = [
        cause == scenario.cause
        for window, one in said.items()
        for feature, cause in (one.causes or {}).items()
        if feature in changed[window] and scenario.cause
    ]
    return Row(
        scenario.name,
        n,
        sum(one.alarm for one in said.values()),
        len(said),
        "at most 1 %" if scenario.is_quiet else f"at least {100 * scenario.wanted:.0f} %" if scenario.wanted else "",
        (sum(right for _, right in named), len(named)),
        (sum(causes), len(causes)),
    )


def table(rows: Iterator[Row], say: Callable[[str], None]) -> list[str]:
    """The lines of the table, each told as soon as it is known."""
    lines = [
        "| windows with | requests | that page | wanted | named features that changed | right cause |",
        "|---" * 6 + "|",
    ]
    for line in lines:
        say(line)
    for row in rows:
        say(str(row))
        lines.append(str(row))
    return lines


def _share(part: tuple[int, int]) -> str:
    return f"{100 * part[0] / part[1]:.1f} %" if part[1] else ""


def main() -> None:
    """Measure, print as it goes, and write the page."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--windows", type=int, default=400)
    parser.add_argument("--peer-windows", type=int, default=100)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    sections = {"modelwatch": table(_all_of_modelwatch(options.windows), print)}
    for name, tool in installed_peers().items():
        print(name)
        sections[name] = table(_all_of_peer(tool, options.peer_windows), print)
    if options.output:
        text = "\n\n".join([f"## {name}\n\n" + "\n".join(lines) for name, lines in sections.items()])
        options.output.write_text(f"# How right the alarms are\n\n{__doc__[__doc__.index('Every') :]}\n{text}\n")


def _all_of_modelwatch(n_windows: int) -> Iterator[Row]:
    yield from scenario_rows(modelwatch, n_windows)
    yield from fairness_rows(Row, n_windows)
    yield from quiet_days(Row, None)


def _all_of_peer(tool: Tool, n_windows: int) -> Iterator[Row]:
    yield from scenario_rows(tool, n_windows)
    yield from quiet_days(Row, tool)


if __name__ == "__main__":
    main()
