"""The reference: read, checked and fitted once, then cached by the digest of its bytes and of what is counted."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from modelwatch.calibration.natural import decode_variations, encode_variations, natural_variation
from modelwatch.calibration.variation import Variations
from modelwatch.config import Monitor
from modelwatch.domain import Page
from modelwatch.errors import DataError
from modelwatch.profile import (
    CellSet,
    Profile,
    cells_digest,
    decode_reference,
    encode_reference,
    fit_cells,
    profile_rows,
)
from modelwatch.settings import Settings
from modelwatch.steps.cut import window_profiles
from modelwatch.steps.digests import file_digest
from modelwatch.steps.rows import keep_rows, read_reference
from modelwatch.store.samples import Artifacts, reference_path

# 2: the profile carries buckets; 3: natural variation is kept beside it; 4: that of groups and of new values too;
# 5: outcomes
FIT_VERSION = 5


@dataclass(frozen=True)
class Reference:
    """The cells fitted on the reference, its profile in them, and the digests that say which reference this is.

    Attributes:
        variation: natural variation by column, of the reference's own windows; empty when it has no timestamps.
    """

    cells: CellSet
    profile: Profile
    digest: str
    cells_digest: str
    variation: Variations = field(default_factory=dict)


def load_reference(monitor: Monitor, settings: Settings) -> Reference:
    """The fitted reference, from the cache when neither the file nor the schema has changed.

    Raises:
        DataError: the file is missing, unreadable, empty, or too many of its rows do not parse.
    """
    digest = _digest(monitor, settings)
    artifacts = Artifacts(settings.samples_url)
    counted, varying = reference_path(digest), reference_path(digest, "variation.json")
    cached, varied = artifacts.read_if_there(counted), artifacts.read_if_there(varying)
    if cached is None or varied is None:
        cells, profile, variation = _fit(monitor, settings, digest)
        artifacts.write_bytes(counted, encode_reference(cells, profile))
        artifacts.write_bytes(varying, encode_variations(variation))
    else:
        (cells, profile), variation = decode_reference(cached), decode_variations(varied)
    return Reference(cells, profile, digest, cells_digest(cells), variation)


def _fit(monitor: Monitor, settings: Settings, digest: str) -> tuple[CellSet, Profile, Variations]:
    page, schema = read_reference(monitor), monitor.schema()
    _require_usable(page, monitor)
    cells = fit_cells(page.rows, schema)
    if monitor.multivariate.detector != "none":
        keep_rows(monitor, settings, digest, page.rows)  # while they are at hand; read again when the bound changes
    windows = window_profiles(page.rows, cells, schema, length=monitor.window, timezone=monitor.tzinfo)
    return cells, profile_rows(page.rows, cells, schema), natural_variation(windows, are_reference=True)


def _require_usable(page: Page, monitor: Monitor) -> None:
    kept, rejected = page.rows.num_rows, sum(reject.count for reject in page.rejects)
    if rejected > monitor.source.max_rejected_share * (kept + rejected):
        worst = max(page.rejects, key=lambda reject: reject.count)
        message = (
            f"{monitor.reference_uri}: column '{worst.column}': {worst.count} of {kept + rejected} rows do not parse "
            f"({worst.problem}); correct the file or the feature's type in the monitor file"
        )
        raise DataError(message)
    if kept == 0:
        message = f"{monitor.reference_uri}: the reference has no rows; it needs the requests to compare with"
        raise DataError(message)


def _digest(monitor: Monitor, settings: Settings) -> str:
    """Of the file's bytes and of everything that decides what is counted."""
    schema = monitor.schema()
    counted: Mapping[str, object] = {
        "fit": FIT_VERSION,
        "columns": [repr(column) for column in schema.columns],
        "features": dict(schema.features),
        "roles": [schema.score, schema.decision, schema.label, schema.without_outcome],
        "groups": [[repr(s) for s in schema.sensitive], schema.intersections],
        "timezone": str(monitor.tzinfo),
        "windows": [schema.timestamp, str(monitor.window)],
    }
    text = json.dumps(counted, sort_keys=True) + file_digest(monitor.reference_uri, settings)
    return hashlib.sha256(text.encode()).hexdigest()
