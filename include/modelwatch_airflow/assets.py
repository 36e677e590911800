"""The assets that a monitor's Dag updates and other Dags are scheduled on."""

from collections.abc import Mapping
from typing import Any

from airflow.sdk import Asset
from airflow.sdk.exceptions import AirflowSkipException


def version_asset(name: str) -> Asset:
    """Updated when a version answers that the monitor's windows had not seen before; the extra names it and the old."""
    return Asset(f"modelwatch/{name}/version")


def retraining_asset(name: str) -> Asset:
    """Updated when performance is confirmed to be worse; the extra has the evidence."""
    return Asset(f"modelwatch/{name}/retrain")


def update_once(
    asset: Asset,
    extra: Mapping[str, Any] | None,
    inlet_events: Any,  # noqa: ANN401  # Airflow's, of a task that has the asset for both
    outlet_events: Any,  # noqa: ANN401
) -> None:
    """Update the asset, or skip the task when there is nothing to say or one of its events says the same already.

    Airflow registers an event with the task's success and not before, so that its events alone know: a task that was
    killed once its request was stored has none, and a cleared one has.

    Args:
        asset: what is updated.
        extra: what the event carries; None when there is nothing to say.
        inlet_events, outlet_events: the asset's events, and the one that this task makes.
    """
    if extra is None:
        message = f"there is nothing to update {asset.name} for"
        raise AirflowSkipException(message)
    if any(event.extra == extra for event in inlet_events[asset]):
        message = f"{asset.name} was updated for this already"
        raise AirflowSkipException(message)
    outlet_events[asset].extra = dict(extra)
