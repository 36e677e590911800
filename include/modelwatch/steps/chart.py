"""The chart of an episode: counts of the reference and of the window, from the store."""

from sqlalchemy.orm import Session

from modelwatch.store.episode_tables import OutboxRow


def chart_of(session: Session, row: OutboxRow) -> bytes | None:
    """The image as PNG."""
    return None
