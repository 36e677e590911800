"""From a monitor file to the columns that are read."""

from dataclasses import replace
from typing import TYPE_CHECKING

from modelwatch.domain import Column, ColumnType, Schema, Sensitive

if TYPE_CHECKING:
    from modelwatch.config.monitor import Monitor


def schema_of(monitor: "Monitor") -> Schema:
    """One column per feature, role and sensitive feature; one that plays several parts is read once."""
    sensitive = set(monitor.fairness.sensitive) if monitor.fairness else set()
    columns: dict[str, Column] = {}
    for column in [*_roles(monitor), *_features(monitor, sensitive), *_sensitive(monitor), *_performance(monitor)]:
        columns.setdefault(column.name, column)
    roles = monitor.columns
    return Schema(
        columns=tuple(columns.values()),
        features={name: feature.type for name, feature in monitor.features.items()},
        id=roles.id,
        timestamp=roles.timestamp,
        score=roles.score,
        decision=roles.decision,
        label=roles.label,
        model_version=roles.model_version,
        sensitive=_bands(monitor),
        intersections=tuple(tuple(one) for one in monitor.fairness.intersections) if monitor.fairness else (),
        without_outcome=_blocked(monitor),
    )


def without_label(schema: Schema) -> Schema:
    """The same without the label."""
    columns = tuple(column for column in schema.columns if column.name != schema.label)
    return replace(schema, columns=columns, label=None)


def label_schema_of(monitor: "Monitor") -> Schema:
    """What a label is: a request's id, what turned out to be true of it, and when that became known."""
    labels, columns = monitor.labels, monitor.columns
    id_column = (labels.id if labels else None) or columns.id or ""
    label = (labels.label if labels else None) or columns.label or ""
    stamp = labels.timestamp if labels else None
    wanted = [
        Column(id_column, path_of(id_column), "text", required=True),
        Column(label, path_of(label), "flag", equals=monitor.label.positive),
    ]
    if stamp is not None:
        wanted.append(Column(stamp, path_of(stamp), "timestamp", required=True))
    return Schema(tuple(wanted), features={}, id=id_column, timestamp=stamp, label=label)


def _roles(monitor: "Monitor") -> list[Column]:
    roles = monitor.columns
    wanted: list[tuple[str | None, ColumnType, object, bool]] = [
        (roles.id, "text", None, True),
        (roles.timestamp, "timestamp", None, True),
        (roles.score, "number", None, False),
        (roles.decision, "flag", monitor.decision.selected, False),
        (roles.label, "flag", monitor.label.positive, False),
        (roles.model_version, "text", None, False),
    ]
    return [
        Column(name, path_of(name), kind, equals=equals, required=required)
        for name, kind, equals, required in wanted
        if name is not None
    ]


def _features(monitor: "Monitor", sensitive: set[str]) -> list[Column]:
    types: dict[str, ColumnType] = {"numeric": "number", "categorical": "text"}
    return [
        Column(name, path_of(feature.path or name), types[feature.type], is_sensitive=name in sensitive)
        for name, feature in monitor.features.items()
    ]


def _sensitive(monitor: "Monitor") -> list[Column]:
    if monitor.fairness is None:
        return []
    return [
        Column(name, path_of(name), "number" if name in monitor.fairness.bands else "text", is_sensitive=True)
        for name in monitor.fairness.sensitive
    ]


def _blocked(monitor: "Monitor") -> tuple[str, str] | None:
    traffic = monitor.performance.traffic
    return None if traffic is None else (traffic.column, str(traffic.blocked))


def _performance(monitor: "Monitor") -> list[Column]:
    spec = monitor.performance
    wanted: list[tuple[str | None, ColumnType]] = [
        (spec.queue.entity if spec.queue else None, "text"),
        (spec.traffic.column if spec.traffic else None, "text"),
        (spec.propensity, "number"),
    ]
    return [Column(name, path_of(name), kind) for name, kind in wanted if name is not None]


def _bands(monitor: "Monitor") -> tuple[Sensitive, ...]:
    if monitor.fairness is None:
        return ()
    bands = monitor.fairness.bands
    return tuple(Sensitive(name, tuple(bands.get(name, ()))) for name in monitor.fairness.sensitive)


def path_of(text: str) -> tuple[str, ...]:
    """``payload.amount`` is the key ``amount`` in the object ``payload``; a key with that very name wins when read."""
    return tuple(text.split("."))
