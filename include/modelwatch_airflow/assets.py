"""The assets that a monitor's Dag updates and other Dags are scheduled on."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from airflow.sdk import Asset

if TYPE_CHECKING:
    from airflow.sdk.execution_time.comms import AssetEventResult


def version_asset(name: str) -> Asset:
    """Updated when a version answers that the monitor's windows had not seen before; the extra names it and the old."""
    return Asset(f"modelwatch/{name}/version")


def retraining_asset(name: str) -> Asset:
    """Updated when performance is confirmed to be worse; the extra has the evidence."""
    return Asset(f"modelwatch/{name}/retrain")


def has_asked(events: "Iterable[AssetEventResult]", request: int) -> bool:
    """Whether one of the asset's events is of this request already.

    Airflow registers an event with the task's success and not before, so that it alone knows: a task that was killed
    once its request was stored has none, and a cleared one has.
    """
    return any((event.extra or {}).get("request") == request for event in events)
