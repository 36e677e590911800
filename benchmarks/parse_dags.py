"""CPU seconds of dags/monitors.py after its imports: in the Dag processor, which builds every Dag, and in a task."""

import importlib.util
import json
import os
import time
from importlib.machinery import ModuleSpec

from speed_data import ROOT

FOLDER, ONE = "MODELWATCH_MONITORS_DIR", "_AIRFLOW_PARSING_CONTEXT_DAG_ID"


def main() -> None:
    """Print one JSON line."""
    spec = importlib.util.spec_from_file_location("monitors", ROOT / "dags" / "monitors.py")
    folder = os.environ[FOLDER]
    os.environ[FOLDER] = "/nonexistent"
    parse(spec)  # the imports
    os.environ[FOLDER] = folder
    everything = parse(spec)
    os.environ[ONE] = "monitor_m0"
    print(json.dumps({"all": everything, "one": parse(spec)}))


def parse(spec: ModuleSpec) -> float:
    """Run the file as Airflow does; returns the CPU seconds."""
    module = importlib.util.module_from_spec(spec)
    started = time.process_time()
    spec.loader.exec_module(module)
    return time.process_time() - started


if __name__ == "__main__":
    main()
