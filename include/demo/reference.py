"""The demo's reference: four quiet weeks of requests as the model scored them.

python -m demo.reference --output include/monitors/reference/fraud.parquet
"""

import argparse
from datetime import date, timedelta
from pathlib import Path

import pandas as pd

from demo.model import trained
from demo.traffic import Story, requests_on

FIRST_DAY, DAYS, SHARE = date(2026, 1, 5), 28, 0.25


def reference() -> pd.DataFrame:
    """A quarter of the requests of four quiet weeks, each weekday as often as the others, with score and decision."""
    days = [requests_on(FIRST_DAY + timedelta(days=i), Story()) for i in range(DAYS)]
    drawn = [day.sample(frac=SHARE, random_state=i).sort_index() for i, day in enumerate(days)]
    rows = pd.concat(drawn, ignore_index=True).drop(columns=["is_fraud"])
    model = trained()
    scores = model.score(rows)
    return rows.assign(score=scores, flagged=model.flag(scores), model_version=model.version)


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()
    options.output.parent.mkdir(parents=True, exist_ok=True)
    reference().to_parquet(options.output, index=False, compression="zstd")


if __name__ == "__main__":
    main()
