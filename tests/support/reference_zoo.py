"""A reference with every kind of column that real ones have."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from support import odd_data as odd

N = 3000

NUMERIC = ("number", "Größe: 日本 #1", "null", "123", "dot.name", "{x}", "with_infinities", "number_as_text")
CATEGORICAL = ("word", "merchant_code", "is_new", "is_new_01", "yes", "quote'\"s", "country", "mixed")
LEFT_OUT = {
    "sequence": "an id (whole numbers, each once)",
    "uuid": "an id or free text (nearly every value once)",
    "customer_id": "an id by its name",
    "constant": "constant; add it to be told when that ends",
    "nothing": "always missing",
    "created": "a time",
    "day": "a time",
    "month": "a time",
    "epoch_ts": "a time (counted since 1970)",
    "note": "an id or free text (nearly every value once)",
    "story": "free text (long values)",
}
ROLES = ("--id", "id", "--timestamp", "at", "--score", "score", "--decision", "flagged")
SENSITIVE = ("--sensitive", "group", "--sensitive", "age", "--sensitive", "income")


def zoo() -> dict[str, Any]:
    """The columns by name; every one can be written to csv too."""
    random = np.random.default_rng(0)
    noise = random.normal(size=(8, N))
    return {
        **odd.columns(0, N, days=30),
        "sequence": np.arange(N),
        "uuid": [f"{one:032x}" for one in random.integers(0, 2**62, N)],
        "customer_id": random.integers(0, 500, N),
        "constant": ["x"] * N,
        "nothing": pa.array([None] * N, pa.string()),
        "created": pa.array([odd.START + timedelta(minutes=i) for i in range(N)], pa.timestamp("ms")),
        "day": pa.array([date(2026, 1, 1) + timedelta(days=i % 28) for i in range(N)]),
        "month": [f"2026-{1 + i % 12:02d}" for i in range(N)],
        "epoch_ts": 1.77e9 + random.integers(0, 86400, N),
        "note": [f"note number {i} of somebody" for i in range(N)],
        "story": ["y" * 200 if i % 2 else "z" * 100 for i in range(N)],
        "merchant_code": random.choice([4111, 5411, 5812, 5999, 6011, 7011, 7995, 9999], N),
        "is_new": random.choice([True, False], N),
        "is_new_01": random.integers(0, 2, N),
        "Größe: 日本 #1": noise[0],
        "yes": random.choice(["a", "b"], N),
        "null": noise[1],
        "123": noise[2],
        "dot.name": noise[3],
        "{x}": noise[4],
        "quote'\"s": random.choice(["p", "q"], N),
        "with_infinities": np.where(np.arange(N) % 10 == 0, np.inf, noise[5]),
        "number_as_text": [f"{one:.2f}" for one in noise[6]],
        "mixed": ["x" if i % 50 == 0 else str(i % 7) for i in range(N)],
        "country": pa.array(random.choice(["DE", "NO", "US"], N)).dictionary_encode(),
        "age": random.integers(18, 90, N),
        "income": random.lognormal(10, 1, N),
    }
