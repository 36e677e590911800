"""The assets that a monitor's Dag updates and other Dags are scheduled on."""

from airflow.sdk import Asset


def version_asset(name: str) -> Asset:
    """Updated when a version answers that the monitor's windows had not seen before; the extra names it and the old."""
    return Asset(f"modelwatch/{name}/version")


def retraining_asset(name: str) -> Asset:
    """Updated when performance is confirmed to be worse; the extra has the evidence."""
    return Asset(f"modelwatch/{name}/retrain")
