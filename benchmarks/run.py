"""`make bench`: every benchmark in one go, into benchmarks/RESULTS.md.

    python benchmarks/run.py [--quick] [--scheduler]

--quick takes smaller files and one round; --scheduler adds the runs under a real Airflow (an hour). The
quality of alarms is a page and a command of its own (benchmarks/alarm_quality.py).
"""

import argparse
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import scipy
from speed_data import ROOT

HERE = ROOT / "benchmarks"
RESULTS = HERE / "RESULTS.md"


def main() -> None:
    """Run the parts and write the page; a part that fails ends the whole."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--scheduler", action="store_true")
    options = parser.parse_args()
    quick = options.quick
    parts = {
        "The same question, side by side": [
            "side_by_side.py",
            *(["--rounds", "1", "--reference-rows", "50000", "--current-rows", "10000"] if quick else []),
        ],
        "Growth": [
            "growth.py",
            *(["--rows", "10000", "100000", "--http-rows", "20000", "--features", "10", "100"] if quick else []),
            *(["--monitors", "1", "10"] if quick else []),
        ],
        "Judging": ["judging.py", *(["--rows", "100000", "--windows", "36"] if quick else [])],
    }
    if options.scheduler:
        parts["Under the real scheduler"] = ["dag_overhead.py", *(["--runs", "2", "--days", "3"] if quick else [])]
        parts["Many monitors in one Airflow"] = ["many_monitors.py", *(["--monitors", "1", "10"] if quick else [])]
    page = [heading()]
    for title, (script, *arguments) in parts.items():
        sys.stderr.write(f"== {title}\n")
        page.append(
            f"## {title}\n\n`python benchmarks/{' '.join([script, *arguments])}`\n\n{output(script, arguments)}"
        )
    RESULTS.write_text("\n\n".join(page) + "\n")
    sys.stderr.write(f"wrote {RESULTS.relative_to(ROOT)}\n")


def output(script: str, arguments: list[str]) -> str:
    """What the script printed; its progress goes to the terminal."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT / "include")}
    command = [sys.executable, str(HERE / script), *arguments]
    done = subprocess.run(command, env=environ, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(f"{script} failed ({done.returncode})")
    return done.stdout.strip()


def heading() -> str:
    """What was measured on."""
    info = Path("/proc/cpuinfo").read_text()
    model = next((line.split(":", 1)[1].strip() for line in info.splitlines() if line.startswith("model name")), "?")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = f"Python {platform.python_version()}, numpy {np.__version__}, scipy {scipy.__version__}"
    return (
        "# Results\n\nWhat falls short of its aim stays here. "
        f"Written by `make bench` on {datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores of {model}, {memory:.0f} GB, "
        f"load {os.getloadavg()[0]:.1f} at the start; {versions}, pyarrow {pa.__version__}."
    )


if __name__ == "__main__":
    main()
