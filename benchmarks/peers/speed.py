"""What every peer's timing shares: two parquet files in, CPU time of the work and answers out, as one JSON line.

The work begins with reading the files; imports are outside it, and inside what the process took as a whole.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

Answers = dict[str, dict[str, float]]


def main(answer: Callable[[Path, Path], Answers]) -> None:
    """Time ``answer(reference, current)``; answers are metric -> column -> value."""
    folder = Path(sys.argv[1])
    started = time.process_time()
    answers = answer(folder / "reference.parquet", folder / "current.parquet")
    sys.stdout.write(json.dumps({"work_cpu": time.process_time() - started, "answers": answers}) + "\n")
