"""A new version beside the old one: which comparison it is, and the traffic of both."""

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal

import pyarrow.compute as pc

from modelwatch.calibration.variation import Variations
from modelwatch.config import Monitor
from modelwatch.config.probe import Probe
from modelwatch.domain import Judgement, Measurement, Sample, Window
from modelwatch.errors import SettingsError
from modelwatch.profile import Profile, profile_rows
from modelwatch.sampling import Sampler
from modelwatch.settings import Settings
from modelwatch.sources import open_source
from modelwatch.steps.measure import MEASURES
from modelwatch.steps.measured import decode, encode
from modelwatch.steps.reference import load_reference
from modelwatch.steps.run import Connect
from modelwatch.store import engine, redeploys
from modelwatch.store.redeploys import NewRedeploy
from modelwatch.store.samples import Artifacts
from modelwatch.verdict import judge

DAY = timedelta(days=1)
DAYS_BACK = 7  # how far the old version's requests are looked for, at the same hours


@dataclass(frozen=True)
class Redeploy:
    """One comparison of two versions of a monitor's model.

    Attributes:
        window: since when the new version answers, and until when its requests are looked at.
        budget: requests at most to the model's API; 0 asks nothing.
        run_id: a retry finds its own work again by it; run_url: the page of the run, for links.
    """

    monitor: Monitor
    new: str
    old: str
    window: Window
    run_id: str
    settings: Settings
    budget: int
    run_url: str | None = None

    @property
    def folder(self) -> str:
        """Where its artifacts lie below the samples URL."""
        return f"{self.monitor.monitor}/redeploy/{re.sub(r'[^A-Za-z0-9_.-]+', '-', self.run_id)}"

    @property
    def probe(self) -> Probe | None:
        """How the model may be asked; None when it may not."""
        probe = self.monitor.probe
        return probe if probe is not None and probe.enabled and self.budget > 0 else None

    def require_versions(self) -> str:
        """The column that names the version.

        Raises:
            SettingsError: the monitor file names none, or both versions are the same.
        """
        if self.new == self.old:
            message = f"new and old version are both '{self.new}': name the one that was deployed and the one before it"
            raise SettingsError(message)
        column = self.monitor.schema().model_version
        if column is None:
            message = f"{self.monitor.path}: two versions are told apart by columns.model_version: set it"
            raise SettingsError(message)
        return column

    def open(self) -> int:
        """The comparison's id in the store, the same for every retry."""
        row = NewRedeploy(self.monitor.monitor, self.run_id, self.run_url, self.old, self.new, self.window, self.budget)
        with engine.session(self.settings.database_url) as session, session.begin():
            return redeploys.open_redeploy(session, row)


def compare_traffic(redeploy: Redeploy, connect: Connect) -> None:
    """Fetch both versions' requests and measure the new one's against the old one's, at the same hours, and against the
    reference.

    Where the old version answered too few requests meanwhile, those of the same hours of the days before stand for it.

    Raises:
        SourceError: the source could not be read to its end.
    """
    redeploy.require_versions()
    redeploy.open()
    artifacts, window = Artifacts(redeploy.settings.samples_url), redeploy.window
    new, old = _fetch(redeploy, connect, window, (redeploy.new, redeploy.old))
    days = 0
    while old.rows.num_rows < redeploy.monitor.sample.minimum and days < DAYS_BACK:
        days += 1
        earlier = Window(window.start - days * DAY, window.end - days * DAY)
        if earlier.end <= window.start:
            old = max(old, *_fetch(redeploy, connect, earlier, (redeploy.old,)), key=lambda one: one.rows.num_rows)
    reference = load_reference(redeploy.monitor, redeploy.settings)
    before, after = (profile_rows(one.rows, reference.cells, redeploy.monitor.schema()) for one in (old, new))
    natural = reference.variation if days else {}  # of the same hours the two differ by nothing but the version
    measured = {"traffic": _measure(redeploy, before, after, natural)}
    measured["reference"] = _measure(redeploy, reference.profile, after, reference.variation)
    artifacts.write_sample(f"{redeploy.folder}/new", new, window)
    artifacts.write_sample(f"{redeploy.folder}/old", old, window)
    for name, found in measured.items():
        artifacts.write_bytes(f"{redeploy.folder}/{name}.json", encode(found))


def stored_sample(redeploy: Redeploy, side: str) -> Sample:
    """The requests of the ``"old"`` or the ``"new"`` version, as `compare_traffic` kept them."""
    base = redeploy.settings.samples_url.rstrip("/")
    return Artifacts(base).read_sample(f"{base}/{redeploy.folder}/{side}/sample.json")


def judged_traffic(redeploy: Redeploy, against: Literal["traffic", "reference"] = "traffic") -> Judgement | None:
    """The new version's traffic judged against the old one's, or against the reference; None where one has none."""
    data = Artifacts(redeploy.settings.samples_url).read_if_there(f"{redeploy.folder}/{against}.json")
    measured = decode(data) if data is not None else []
    n_new = next((m.n_current for m in measured if m.metric == "row_count"), 0)
    return judge(measured, redeploy.monitor.rules(), n_current=n_new) if measured else None


def _fetch(redeploy: Redeploy, connect: Connect, window: Window, versions: tuple[str, ...]) -> list[Sample]:
    """The sample of each version's requests in the window."""
    monitor, column = redeploy.monitor, redeploy.require_versions()
    connection = connect(monitor.source.connection) if monitor.source.connection else None
    source = open_source(monitor.source, monitor.schema(), connection, timezone=monitor.tzinfo)
    samplers = [
        Sampler(rows=monitor.sample.rows, salt=monitor.monitor, id_column=monitor.schema().id) for _ in versions
    ]
    for page in source.pages(window):
        for version, sampler in zip(versions, samplers, strict=True):
            sampler.add(replace(page, rows=page.rows.filter(pc.equal(page.rows[column], version)), total=None))
    return [sampler.sample() for sampler in samplers]


def _measure(redeploy: Redeploy, before: Profile, after: Profile, variation: Variations) -> list[Measurement]:
    """Every check of the new version's requests with ``before`` as the reference; nothing where one is empty."""
    if before.n_rows == 0 or after.n_rows == 0:
        return []
    return [m for check in MEASURES for m in MEASURES[check](before, after, redeploy.monitor, variation)]
