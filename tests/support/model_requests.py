"""One day's requests of a small model, as the tests of the sources serve and store them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from modelwatch.domain import Column, Page, Schema, Window

WINDOW = Window(datetime(2026, 3, 5, tzinfo=UTC), datetime(2026, 3, 6, tzinfo=UTC))
SECRET = "s3cret-token"
SCHEMA = Schema(
    columns=(
        Column("id", ("id",), "text", required=True),
        Column("at", ("at",), "timestamp", required=True),
        Column("payload.amount", ("payload", "amount"), "number"),
    ),
    features={"payload.amount": "numeric"},
    id="id",
    timestamp="at",
)


def record(number: int, **changes: Any) -> dict[str, Any]:
    """The request of a minute of the day."""
    at = WINDOW.start + timedelta(minutes=number)
    return {"id": f"r{number}", "at": at.isoformat(), "payload": {"amount": number / 2}, **changes}


def ids(pages: list[Page]) -> list[str]:
    """The request ids of all pages, in order."""
    return [one for page in pages for one in page.rows["id"].to_pylist()]
