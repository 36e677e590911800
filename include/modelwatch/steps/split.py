"""A window in parts (`source.split`): each fetched and counted on its own, together the same as the window at once.

The parts' samples make the window's sample, and only its rows are counted, each with the part it lies in. So the sum of
the parts' counts is the profile of that sample, to the last count.
"""

from collections.abc import Iterable
from functools import reduce
from operator import add

import numpy as np

from modelwatch.config.fit import MAX_PARTS
from modelwatch.domain import Window
from modelwatch.errors import SettingsError
from modelwatch.hashing import Hashes
from modelwatch.profile import decode_profile, encode_profile
from modelwatch.sampling import merge
from modelwatch.schedule import parts_of
from modelwatch.steps.fetch import count_rows, keep_profile, keep_sample, read_requests
from modelwatch.steps.reference import load_reference
from modelwatch.steps.rejects import with_rejects
from modelwatch.steps.run import Connect, Run
from modelwatch.steps.stream import within
from modelwatch.store.samples import Artifacts


def split_window(run: Run) -> list[str]:
    """The window's parts, oldest first.

    Raises:
        SettingsError: a window asked for by hand has too many of them.
    """
    monitor = run.monitor
    length = monitor.split or monitor.window
    parts = parts_of(run.window, length=length, timezone=monitor.tzinfo)
    if len(parts) > MAX_PARTS:
        message = f"the window {run.window} has {len(parts)} parts of source.split; {MAX_PARTS} at most: ask for less"
        raise SettingsError(message)
    return [str(part) for part in parts]


def fetch_part(run: Run, connect: Connect, part: str) -> str:
    """Read a part's requests and keep its sample, and the hashes of all it holds; returns the sample's URI.

    Raises:
        SourceError: the source could not be read to its end; the reason is kept for `judge_and_store`.
    """
    window = Window.parse(part)
    sampler = read_requests(run, connect, window)
    artifacts, folder = Artifacts(run.settings.samples_url), _folder(run, window)
    artifacts.write_bytes(f"{folder}/seen.bin", sampler.seen.astype("<u8").tobytes())
    return artifacts.write_sample(folder, sampler.sample(), window)


def merge_samples(run: Run, part_refs: Iterable[str]) -> str:
    """Make the window's sample of its parts' samples; returns its URI."""
    artifacts, monitor = Artifacts(run.settings.samples_url), run.monitor
    parts = ((artifacts.read_sample(ref), _seen(artifacts, ref)) for ref in part_refs)
    id_column = monitor.columns.id or ""
    return keep_sample(run, merge(parts, rows=monitor.sample.rows, salt=monitor.monitor, id_column=id_column))


def count_part(run: Run, sample_ref: str, part: str) -> str:
    """Count the sample's rows that lie in the part; returns the counts' URI."""
    artifacts, window = Artifacts(run.settings.samples_url), Window.parse(part)
    rows = artifacts.read_sample(sample_ref).rows
    if rows.num_columns:
        rows = within(rows, run.monitor.schema(), window)
    counted = count_rows(rows, load_reference(run.monitor, run.settings), run)
    return artifacts.write_bytes(f"{_folder(run, window)}/profile.bin", encode_profile(counted))


def add_profiles(run: Run, sample_ref: str, part_refs: Iterable[str]) -> str:
    """Add the parts' counts to the profile of the window's sample; returns its URI."""
    artifacts, reference = Artifacts(run.settings.samples_url), load_reference(run.monitor, run.settings)
    total = reduce(add, (decode_profile(artifacts.read_bytes(ref), reference.cells) for ref in part_refs))
    return keep_profile(run, with_rejects(total, artifacts.read_sample(sample_ref).rejects))


def _seen(artifacts: Artifacts, sample_ref: str) -> Hashes:
    data = artifacts.read_bytes(f"{sample_ref.rpartition('/')[0]}/seen.bin")
    return np.frombuffer(data, dtype="<u8").astype(np.uint64)


def _folder(run: Run, part: Window) -> str:
    return f"{run.folder}/parts/{part.stamp}"
