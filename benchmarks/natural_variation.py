"""What natural variation does to alarms: windows of real data that page with and without it, and what is still found.

    python benchmarks/natural_variation.py [--data ../shared/data] [--only fraud_handbook] [--joint]

Each row is one backtest: a reference of so many days, every later day as a window, the default thresholds, no
persistence. "without" takes every request for independent; "with" widens each null by what the reference's own windows
show. A quiet day that pages is a false alarm; the days with an injected change are the ones that should page. The
multivariate check takes longer than all the rest and is left out unless asked for.
"""

import argparse
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from modelwatch.calibration.variation import NONE
from modelwatch.config import load_monitor
from modelwatch.report.document import Evaluation
from modelwatch.schedule import windows_between
from modelwatch.settings import Settings
from modelwatch.steps.offline import backtest, read_current
from modelwatch.steps.reference import load_reference

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Case:
    """One backtest.

    Attributes:
        data: what the rows are of; change: what was done to them, "quiet" when nothing.
        kinds: features and their types; every: the length of a window; minimum: the fewest requests of one.
    """

    data: str
    change: str
    reference: pd.DataFrame
    current: pd.DataFrame
    kinds: Mapping[str, str]
    every: timedelta = timedelta(days=1)
    minimum: int = 500


def main() -> None:
    """Print one table row per case, as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--only", choices=sorted(CASES))
    parser.add_argument("--joint", action="store_true", help="with the multivariate check")
    args = parser.parse_args()
    detector = "domain_classifier" if args.joint else "none"
    print("| data | reference | windows | change | page without | page with | named without | named with |")
    print("|---|---|--:|---|--:|--:|---|---|")
    for name, cases in CASES.items():
        if args.only in (None, name):
            for case in cases(args.data / name):
                print(row(case, detector), flush=True)


def row(case: Case, detector: str) -> str:
    """Backtest twice and say how often each would have paged."""
    without, widened = judged(case, detector, widen=False), judged(case, detector, widen=True)
    span = case.reference["at"].max() - case.reference["at"].min()
    reference = f"{round(span / timedelta(days=1))} days, {len(case.reference):,} rows"
    pages = [sum(one.page for one in evaluations) for evaluations in (without, widened)]
    cells = [case.data, reference, len(widened), case.change, *pages, named(without), named(widened)]
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def named(evaluations: list[Evaluation]) -> str:
    """The features that were alerts, and in how many windows."""
    alerts = ({r.measurement.feature for r in e.judgement.findings if r.status == "alert"} for e in evaluations)
    counted = Counter(name for names in alerts for name in names)
    return ", ".join(f"{name} ({count})" for name, count in counted.most_common(4)) or "-"


def judged(case: Case, detector: str, *, widen: bool) -> list[Evaluation]:
    """Every window of the case in order."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        monitor = load_monitor(monitor_file(folder, case, detector))
        kept = settings(folder)
        reference = load_reference(monitor, kept)
        if not widen:
            reference = replace(reference, variation=dict.fromkeys(reference.cells, NONE))
        data = read_current(monitor, str(folder / "current.parquet"), None)
        first, last = case.current["at"].min().to_pydatetime(), case.current["at"].max().to_pydatetime()
        windows = windows_between(first, last + timedelta(seconds=1), length=case.every, timezone=monitor.tzinfo)
        return list(backtest(monitor, kept, reference, data, windows))


def settings(folder: Path) -> Settings:
    """Everything below the folder."""
    return Settings.from_env({"MODELWATCH_HOME": str(folder), "MODELWATCH_SAMPLES_URL": (folder / "kept").as_uri()})


def monitor_file(folder: Path, case: Case, detector: str) -> Path:
    """The case as files: a monitor with default thresholds, its reference and the requests."""
    case.reference.to_parquet(folder / "reference.parquet")
    case.current.to_parquet(folder / "current.parquet")
    features = "".join(f"  {name}: {kind}\n" for name, kind in case.kinds.items())
    path = folder / "variation.yaml"
    path.write_text(
        f"monitor: variation\nwindow: P{case.every.days}D\nsource: {{type: files, uri: current.parquet}}\n"
        f"columns: {{timestamp: at}}\nreference: {{uri: reference.parquet}}\nsample: {{minimum: {case.minimum}}}\n"
        f"multivariate: {{detector: {detector}}}\nfeatures:\n{features}"
    )
    return path


def fraud_handbook(folder: Path) -> Iterator[Case]:
    """May to September, which is stationary but for weekends; days of some 9,500 transactions."""
    rows = pd.read_parquet(folder / "transactions_base.parquet")
    rows = rows[rows["TX_DATETIME"] >= "2018-05-01"]
    at = rows["TX_DATETIME"].dt.tz_localize("UTC").astype("datetime64[us, UTC]")
    rows = pd.DataFrame(
        {
            "at": at,
            "amount": rows["TX_AMOUNT"],
            "hour": at.dt.hour.astype(float),
            "weekend": rows["TX_DURING_WEEKEND"].astype(str),
            "night": rows["TX_DURING_NIGHT"].astype(str),
            "customers_today": (rows.groupby(["CUSTOMER_ID", at.dt.date]).cumcount() + 1).astype(float),
            "score": rows["score_lr"].astype(float),
        }
    )
    text = ("weekend", "night")
    kinds = {name: "categorical" if name in text else "numeric" for name in rows.columns if name != "at"}
    for days in (7, 31):
        cut = pd.Timestamp("2018-05-01", tz="UTC") + pd.Timedelta(days=days)
        reference, current = rows[rows["at"] < cut], rows[rows["at"] >= cut]
        yield Case("fraud_handbook", "quiet", reference, current, kinds)
        steady = {name: kind for name, kind in kinds.items() if name != "weekend"}
        yield Case("fraud_handbook", "quiet, no weekend flag", reference, current, steady)
        for change, changed in changes(current, "amount"):
            yield Case("fraud_handbook", change, reference, changed, kinds)


def changes(rows: pd.DataFrame, feature: str) -> Iterator[tuple[str, pd.DataFrame]]:
    """The same days with one feature changed in all of them."""
    shift = 0.5 * rows[feature].std()
    yield f"{feature} +0.5 sd", rows.assign(**{feature: rows[feature] + shift})
    yield f"{feature} x100", rows.assign(**{feature: rows[feature] * 100})


def uci_taiwan_default(folder: Path) -> Iterator[Case]:
    """April's accounts against those of later months, spread over 28 days; September codes pay_status otherwise."""
    rows = pd.read_parquet(folder / "monthly_panel_derived.parquet")
    month = pd.to_datetime(rows["month"].astype(str).str[:7] + "-01", utc=True)
    rows["at"] = (month + pd.to_timedelta(rows["ID"] % 28, unit="D")).astype("datetime64[us, UTC]")
    kinds = {"LIMIT_BAL": "numeric", "bill_amt": "numeric", "pay_amt": "numeric", "pay_status": "categorical"}
    rows = rows[["at", *kinds]].astype({"pay_status": str})
    september = pd.Timestamp("2005-09-01", tz="UTC")
    april = rows["at"] < pd.Timestamp("2005-05-01", tz="UTC")
    yield Case("uci_taiwan_default", "May to August", rows[april], rows[~april & (rows["at"] < september)], kinds)
    yield Case("uci_taiwan_default", "September: recoded", rows[april], rows[rows["at"] >= september], kinds)


def electricity_nsw(folder: Path) -> Iterator[Case]:
    """Half-hours of a market, weekly windows; three columns that were constant begin to vary in May 1997."""
    rows = pd.read_csv(folder / "electricity.csv.gz")
    start = pd.Timestamp("1996-05-07", tz="UTC")
    rows["at"] = (start + pd.to_timedelta(30 * np.arange(len(rows)), unit="min")).astype("datetime64[us, UTC]")
    kinds = dict.fromkeys(("period", "nswprice", "nswdemand", "vicprice", "vicdemand", "transfer"), "numeric")
    rows, begin = rows[["at", *kinds]], rows["at"][17_424]
    half = start + pd.Timedelta(days=182)
    quiet = rows[(rows["at"] >= half) & (rows["at"] < begin)]
    week = timedelta(days=7)
    yield Case("electricity_nsw", "seasons", rows[rows["at"] < half], quiet, kinds, week, 300)
    yield Case(
        "electricity_nsw", "three begin to vary", rows[rows["at"] < half], rows[rows["at"] >= begin], kinds, week, 300
    )


CASES = {
    "fraud_handbook": fraud_handbook,
    "uci_taiwan_default": uci_taiwan_default,
    "electricity_nsw": electricity_nsw,
}

if __name__ == "__main__":
    main()
