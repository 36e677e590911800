"""Which stored episode is which replayed one, when a late window has moved, joined or undone some of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from modelwatch.domain import Window
from modelwatch.episodes.problems import family
from modelwatch.episodes.replay import Episode


@dataclass(frozen=True)
class Known:
    """A stored episode: what identifies it, and the span of its windows."""

    id: int
    fingerprint: str
    members: tuple[str, ...]
    first: Window
    until: Window
    is_withdrawn: bool = False


def match(known: Sequence[Known], replayed: Sequence[Episode]) -> list[int | None]:
    """For each replayed episode the id of the stored one it continues, None when it is new.

    The same family, a common member and a common time make them the same; of several the one with the same
    fingerprint, then the one that began first. A stored episode is taken once; one left over is no episode any more.
    """
    free = sorted(known, key=lambda one: (one.is_withdrawn, one.first.end, one.id))
    ids: list[int | None] = []
    for episode in replayed:
        fitting = [one for one in free if _is_same(one, episode)]
        fitting.sort(key=lambda one: (one.is_withdrawn, one.fingerprint != episode.fingerprint))
        ids.append(fitting[0].id if fitting else None)
        free = [one for one in free if not fitting or one is not fitting[0]]
    return ids


def _is_same(known: Known, episode: Episode) -> bool:
    until = episode.closed or episode.traces[-1].window
    return (
        family(known.fingerprint) == family(episode.fingerprint)
        and bool(set(known.members) & set(episode.members))
        and known.first.start < until.end
        and episode.first.start < known.until.end
    )
