"""Payments whose fee follows their amount, and a monitor over two files of them."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from modelwatch.config import load_monitor
from modelwatch.report.document import Evaluation
from modelwatch.settings import Settings
from modelwatch.steps.check import check_file

MONITOR = """\
monitor: payments
schedule: "0 3 * * *"
source: {type: files, uri: current.parquet}
reference: {uri: reference.parquet}
multivariate: {detector: none}
features: {amount: numeric, fee: numeric, age: numeric, channel: categorical}
"""


def requests(n: int, seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    amount = rng.lognormal(3, 1, n)
    fee = 0.02 * amount * rng.uniform(0.9, 1.1, n)
    return {"amount": amount, "fee": fee, "age": rng.uniform(18, 90, n), "channel": rng.choice(["web", "ios"], n)}


def checked(folder: Path, current: dict[str, np.ndarray]) -> Evaluation:
    (folder / "payments.yaml").write_text(MONITOR)
    pq.write_table(pa.table(requests(20_000, 1)), folder / "reference.parquet")
    pq.write_table(pa.table(current), folder / "current.parquet")
    monitor = load_monitor(folder / "payments.yaml")
    settings = Settings(home=folder, monitors_dir=folder, samples_url=(folder / "samples").as_uri())
    return check_file(monitor, settings, str(folder / "current.parquet"))
