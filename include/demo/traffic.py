"""Simulated card transactions: a pure function of the day, quiet until the story begins.

A bank's customers pay at merchants. Quiet days are drawn independently from one population, so that they differ by
chance alone. Six days before the story's end an upstream change sends amounts in cents for three days; then a campaign
brings many young customers with new accounts and devices who buy online, whom the model flags far more often.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]

N_CUSTOMERS, N_MERCHANTS = 8_000, 600
REQUESTS_A_DAY = 4_000
LAST_SECOND = 86_399.999
WEEKDAY_VOLUME = (0.95, 0.95, 1.0, 1.0, 1.15, 1.1, 0.85)
CATEGORIES = ("grocery", "fuel", "restaurant", "travel", "electronics", "fashion", "health", "gambling")
CATEGORY_SHARES = (0.32, 0.14, 0.17, 0.06, 0.09, 0.12, 0.07, 0.03)
CATEGORY_AMOUNT = (3.1, 3.6, 3.0, 5.0, 4.6, 3.8, 3.3, 3.9)
CHANNELS = ("pos", "online", "atm")
CHANNEL_SHARES = (0.58, 0.32, 0.10)
COUNTRIES = ("DE", "FR", "NL", "PL", "US", "TR")
COUNTRY_SHARES = (0.90, 0.03, 0.025, 0.02, 0.015, 0.01)
AGE_BANDS = ((18, "18-24"), (25, "25-39"), (40, "40-59"), (60, "60+"))
CAMPAIGN_SHARE = 0.35
UNKNOWN_PLACE_SHARE = 0.01
FEATURES = (
    "amount",
    "merchant_category",
    "channel",
    "country",
    "hour",
    "distance_from_home_km",
    "transactions_last_24h",
    "device_age_days",
    "account_age_days",
)


@dataclass(frozen=True)
class Story:
    """What happens, counted back from its last day; None is a model's quiet life for ever."""

    end: date | None = None

    def amounts_in_cents(self, day: date) -> bool:
        """The upstream change of unit, for three days."""
        return self._days_left(day) in (6, 5, 4)

    def campaign(self, day: date) -> bool:
        """The population shift, from three days before the end on."""
        left = self._days_left(day)
        return left is not None and left <= 3

    def _days_left(self, day: date) -> int | None:
        return None if self.end is None else (self.end - day).days


def requests_on(day: date, story: Story) -> pd.DataFrame:
    """The day's requests in the order of their time, with the true label ``is_fraud`` and without a score."""
    rng = np.random.default_rng([20_260_301, day.toordinal()])
    n = int(rng.poisson(REQUESTS_A_DAY * WEEKDAY_VOLUME[day.weekday()]))
    rows = draw(rng, n)
    if story.campaign(day):
        join_campaign(rng, rows)
    if story.amounts_in_cents(day):
        rows["amount"] = (rows["amount"] * 100).round(2)
    seconds = (rows["hour"].to_numpy() * 3600 + rng.uniform(0, 3600, n)).round(3)
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    rows.insert(0, "request_id", [f"{day:%Y%m%d}-{number:06d}" for number in rng.permutation(n)])
    rows.insert(1, "requested_at", [midnight + timedelta(seconds=min(float(s), LAST_SECOND)) for s in seconds])
    return rows.sort_values(["requested_at", "request_id"], ignore_index=True)


def draw(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """``n`` independent requests of the quiet population."""
    who, customers = rng.integers(0, N_CUSTOMERS, n), population()
    where, shops = rng.choice(N_MERCHANTS, n, p=merchants()["share"]), merchants()
    log_amount = shops["log_amount"][where] + customers["spend"][who] + rng.normal(0, 0.65, n)
    channel = rng.choice(CHANNELS, n, p=CHANNEL_SHARES)
    distance = (np.where(shops["country"][where] == COUNTRIES[0], 6, 900) * rng.lognormal(0, 0.8, n)).round(1)
    rows = pd.DataFrame(
        {
            "amount": np.exp(log_amount).round(2),
            "merchant_category": shops["category"][where],
            "channel": channel,
            "country": shops["country"][where],
            "hour": np.floor(rng.normal(14, 4.5, n) % 24),
            "distance_from_home_km": np.where(rng.random(n) < UNKNOWN_PLACE_SHARE, np.nan, distance),
            "transactions_last_24h": rng.poisson(1.8, n).astype(float),
            "device_age_days": np.where(channel == "online", rng.exponential(260, n), np.nan).round(),
            "account_age_days": customers["account_age_days"][who],
            "gender": customers["gender"][who],
            "age_band": customers["age_band"][who],
        }
    )
    rows["is_fraud"] = rng.random(n) < fraud_probability(rows)
    return rows


def join_campaign(rng: np.random.Generator, rows: pd.DataFrame) -> None:
    """Turn a share of the requests into those of the campaign's customers: young, new, online."""
    chosen = rng.random(len(rows)) < CAMPAIGN_SHARE
    n = int(chosen.sum())
    rows.loc[chosen, "age_band"] = rng.choice(["18-24", "25-39"], n, p=[0.85, 0.15])
    rows.loc[chosen, "channel"] = "online"
    rows.loc[chosen, "merchant_category"] = rng.choice(["electronics", "fashion"], n, p=[0.6, 0.4])
    rows.loc[chosen, "account_age_days"] = rng.integers(0, 20, n)
    rows.loc[chosen, "device_age_days"] = rng.exponential(8, n).round()


@cache
def population() -> dict[str, NDArray[Any]]:
    """The customers, always the same; older ones have held their accounts longer."""
    rng = np.random.default_rng(7)
    age = np.clip(rng.normal(44, 16, N_CUSTOMERS), 18, 90)
    starts = [start for start, _ in AGE_BANDS]
    band = np.asarray([name for _, name in AGE_BANDS])[np.searchsorted(starts, age, side="right") - 1]
    return {
        "gender": rng.choice(["F", "M"], N_CUSTOMERS),
        "age_band": band,
        "spend": rng.normal(0, 0.4, N_CUSTOMERS),
        "account_age_days": (rng.gamma(2.0, 1, N_CUSTOMERS) * (350 + 8 * age)).round(),
    }


@cache
def merchants() -> dict[str, NDArray[Any]]:
    """The merchants, always the same: a few of each category take most of its payments."""
    rng = np.random.default_rng(5)
    kind = np.arange(N_MERCHANTS) % len(CATEGORIES)
    popularity = (1 + np.arange(N_MERCHANTS) // len(CATEGORIES)) ** -0.5
    share = popularity * np.asarray(CATEGORY_SHARES)[kind] / np.bincount(kind, popularity)[kind]
    return {
        "category": np.asarray(CATEGORIES)[kind],
        "country": rng.choice(COUNTRIES, N_MERCHANTS, p=COUNTRY_SHARES),
        "log_amount": np.asarray(CATEGORY_AMOUNT)[kind] + rng.normal(0, 0.25, N_MERCHANTS),
        "share": share / share.sum(),
    }


def fraud_probability(rows: pd.DataFrame) -> Floats:
    """What really makes a transaction fraudulent; the model has to find it."""
    night = (rows["hour"] < 6).to_numpy()
    new_device = (rows["device_age_days"] < 14).fillna(value=False).to_numpy()
    risk = (
        -7.6
        + 0.75 * (np.log1p(rows["amount"].to_numpy()) - 3.5)
        + 1.3 * (rows["channel"] == "online").to_numpy()
        + 1.8 * (rows["country"] != COUNTRIES[0]).to_numpy()
        + 1.0 * night
        + 1.6 * new_device
        + 0.35 * rows["transactions_last_24h"].to_numpy()
        + 1.2 * (rows["account_age_days"].to_numpy() < 60)
        + 0.8 * (rows["merchant_category"] == "electronics").to_numpy()
    )
    return np.asarray(1 / (1 + np.exp(-risk)))
