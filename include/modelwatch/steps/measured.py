"""Measurements as the bytes of an artifact between two tasks."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from modelwatch.domain import Measurement


def encode(measurements: Sequence[Measurement]) -> bytes:
    """Canonical JSON: the same measurements always give the same bytes."""
    return json.dumps([asdict(m) for m in measurements], sort_keys=True, allow_nan=False).encode()


def decode(data: bytes) -> list[Measurement]:
    """What `encode` wrote."""
    return [Measurement(**entry) for entry in json.loads(data)]
