"""Half a year of card transactions with their labels, week by week, through the whole of `modelwatch backtest`.

    MODELWATCH_SHARED_DATA=../shared/data python benchmarks/handbook_performance.py

Every second transaction of the four weeks from 7 May 2018 is the reference; the rest of the file is judged in weeks. In
April labels had just begun to be known; from May on the simulation is stationary.
"""

import json
import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd

from modelwatch.config import load_monitor
from modelwatch.report.document import Evaluation, drift_kind
from modelwatch.settings import Settings
from modelwatch.steps.offline import backtest_file

DATA = Path(os.environ.get("MODELWATCH_SHARED_DATA", "../shared/data")) / "fraud_handbook" / "transactions_base.parquet"
WEEK = timedelta(days=7)
REFERENCE = pd.Timestamp("2018-05-07"), pd.Timestamp("2018-06-04")
WARM_UP_ENDS = datetime(2018, 5, 1, tzinfo=UTC)
SHOWN = ("roc_auc", "average_precision", "precision_at_k", "entity_precision_at_k", "roc_auc_worsening")
MONITOR = {
    "monitor": "cards",
    "source": {"type": "files", "uri": "current.parquet"},
    "columns": {"id": "id", "timestamp": "at", "score": "score", "decision": "flagged", "label": "fraud"},
    "reference": {"uri": "reference.parquet"},
    "features": {"amount": "numeric", "is_night": "categorical"},
    "multivariate": {"detector": "none"},
    "performance": {"rows": 200_000, "queue": {"size": 100, "entity": "card"}},
}


def judged(folder: Path) -> Iterator[Evaluation]:
    """The weeks of the file, oldest first."""
    rows = pd.read_parquet(DATA)
    table = pd.DataFrame(
        {
            "id": [f"t{i}" for i in range(len(rows))],
            "at": rows.TX_DATETIME.astype("datetime64[us]").dt.tz_localize("UTC"),
            "amount": rows.TX_AMOUNT,
            "is_night": (rows.TX_DATETIME.dt.hour <= 6).astype(str),
            "card": rows.CUSTOMER_ID.astype(str),
            "score": rows.score_lr.astype(float),
            "flagged": rows.score_lr > 0.5,
            "fraud": rows.TX_FRAUD.astype(bool),
        }
    )
    is_reference = rows.TX_DATETIME.between(*REFERENCE, inclusive="left")
    table[is_reference][::2].to_parquet(folder / "reference.parquet")
    table[~is_reference].to_parquet(folder / "current.parquet")
    path = folder / "cards.yaml"
    path.write_text(json.dumps(MONITOR))
    settings = Settings(folder, folder, (folder / "kept").as_uri(), None)
    yield from backtest_file(load_monitor(path), settings, str(folder / "current.parquet"), every=WEEK)


def main() -> None:
    """Print a line per week."""
    print(f"{'week from':<11} {'verdict':<18} {'drift_kind':<13} {'page':<5}", *(f"{name:>21}" for name in SHOWN))
    n_pages = n_weeks = 0
    with tempfile.TemporaryDirectory() as folder:
        for one in judged(Path(folder)):
            if one.window is None or not one.n_current:
                continue
            found = {r.measurement.metric: r for r in one.judgement.results if r.measurement.group is None}
            values = [found[name].measurement.value if name in found else None for name in SHOWN]
            told = (f"{'-' if value is None else f'{value:.4f}':>21}" for value in values)
            kind, page = drift_kind(one.judgement) or "-", "page" if one.page else "-"
            print(f"{one.window.start:%Y-%m-%d}  {one.judgement.verdict:<18} {kind:<13} {page:<5}", *told, flush=True)
            if one.window.start >= WARM_UP_ENDS:
                n_weeks, n_pages = n_weeks + 1, n_pages + one.page
    print(f"from May on {n_pages} of {n_weeks} weeks page")


if __name__ == "__main__":
    main()
