"""Runs a command and writes what it took: ``measure.py OUTPUT COMMAND ...``.

A process of its own, and a small one: what Linux calls the peak memory of a process includes what its parent held when
it was started, and the benchmarks hold much.
"""

import json
import os
import resource
import subprocess
import sys
import time

output, *command = sys.argv[1:]
started = time.monotonic()
status = subprocess.call(["/usr/bin/nice", *command])
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
with os.fdopen(os.open(output, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
    taken = {
        "wall": time.monotonic() - started,
        "cpu": usage.ru_utime + usage.ru_stime,
        "peak_mb": usage.ru_maxrss / 1024,
    }
    json.dump(taken, file)
sys.exit(status)
