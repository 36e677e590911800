"""Natural variation of every column and of every group's rate, from the profiles of past windows."""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace

import numpy as np

from modelwatch.calibration.gap_spread import group_variations
from modelwatch.calibration.novelty import natural_novelty
from modelwatch.calibration.spread import MIN_WINDOWS, spreads
from modelwatch.calibration.variation import Novelty, Spread, Variation, Variations, n_windows
from modelwatch.calibration.windows import Windows
from modelwatch.metrics.once import once_per_profile
from modelwatch.profile.cells import NumericCells
from modelwatch.profile.window import Profile

PART = 0.5  # an outermost window with fewer requests than this share of the middle one was cut by the file's end


def natural_variation(windows: Sequence[Profile], *, are_reference: bool = False) -> Variations:
    """What the windows that a reference is made of show of each column and group.

    Args:
        windows: profiles in the same cells, in the order of time. The first and the last are left out when they look
            cut off: half a day has other hours than a day.
        are_reference: whether the cells were fitted on these very windows.

    Returns:
        nothing when there are fewer than `MIN_WINDOWS`.
    """
    return _variations(windows, Windows(), by_steps=False, are_reference=are_reference)


def variation_of_steps(windows: Sequence[Profile], reference: Profile) -> Variations:
    """What the steps from window to window show of each column and group, for a reference not made of these windows.

    A drift that creeps through the windows is in no step: it must not pass for natural.

    Args:
        windows: profiles in the reference's cells, in the order of time.
        reference: it counts as so many windows as its rows would fill.
    """
    found = _variations(windows, _windows_before(reference), by_steps=True, are_reference=False)
    rows = sum(window.n_rows for window in windows) / max(1, len(windows))
    size = max(1.0, reference.n_rows / max(1.0, rows))
    return {name: replace(one, reference_windows=size) for name, one in found.items()}


def encode_variations(variations: Variations) -> bytes:
    """Canonical JSON: the same variation always gives the same bytes."""
    return json.dumps({name: asdict(one) for name, one in variations.items()}, sort_keys=True).encode()


def decode_variations(data: bytes) -> Variations:
    """What `encode_variations` wrote."""
    return {
        name: Variation(
            Spread(**one.pop("distribution")), Spread(**one.pop("missing")), Novelty(**one.pop("novelty")), **one
        )
        for name, one in json.loads(data).items()
    }


def _whole(windows: list[Profile]) -> list[Profile]:
    usual = PART * float(np.median([window.n_rows for window in windows])) if windows else 0.0
    last = len(windows) - 1
    return [window for i, window in enumerate(windows) if 0 < i < last or window.n_rows >= usual]


def _variations(
    windows: Sequence[Profile], counted: Windows, *, by_steps: bool, are_reference: bool
) -> dict[str, Variation]:
    whole = _whole([window for window in windows if window.n_rows])
    if len(whole) < MIN_WINDOWS:
        return {}
    tables = counted.tables(whole)
    numeric = {name: one.bins for name, one in tables.items() if isinstance(one.cells, NumericCells)}
    named = {name: one.bins for name, one in tables.items() if name not in numeric}
    distribution = spreads(numeric, by_steps=by_steps, ordered=True) | spreads(named, by_steps=by_steps)
    missing = spreads(
        {
            name: np.column_stack([one.missing, one.n - one.missing])
            for name, one in tables.items()
            if one.missing.any()
        },
        by_steps=by_steps,
    )
    of_columns = {
        name: Variation(
            distribution=distribution[name],
            missing=missing.get(name, Spread()),
            novelty=natural_novelty(table, [window.columns[name] for window in whole] if are_reference else None),
            reference_windows=n_windows(table.n.tolist()),
        )
        for name, table in tables.items()
    }
    return {**group_variations([window.groups for window in whole], by_steps=by_steps), **of_columns}


@once_per_profile
def _windows_before(_reference: Profile) -> Windows:
    """What is looked back at from one window after the other that is compared with this reference."""
    return Windows()
