"""Asking the model's own API: within the budget, paced, resumable, and never the same twice."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from sqlalchemy.orm import Session

from modelwatch.calibration.paired import Flags
from modelwatch.config.probe import Probe
from modelwatch.redeploy.asking import Answers, Ask, StoredRequest, Value
from modelwatch.redeploy.plan import Order, Questions, order_of, plan
from modelwatch.redeploy.segments import groups_of, labels_of, memberships, segments_of, stored_requests
from modelwatch.redeploy.table import Story
from modelwatch.sources.prober import Busy, Prober
from modelwatch.steps.redeploy import Redeploy, judged_traffic, stored_sample
from modelwatch.steps.reference import load_reference
from modelwatch.steps.rows import reference_rows
from modelwatch.steps.run import Connect
from modelwatch.store import engine, redeploys

SWEEP = (0.05, 0.25, 0.5, 0.75, 0.95)  # quantiles of the stored requests
MOST_DRIFTED = 5


@dataclass(frozen=True)
class Prepared:
    """The stored requests of a comparison, in which segments and groups they are, and what is to be asked of them."""

    requests: Sequence[StoredRequest]
    order: Order
    asks: Sequence[Ask]
    segments: dict[str, Flags]
    groups: dict[str, Flags]

    def story(self, redeploy: Redeploy, answers: Answers) -> Story:
        """With what came back."""
        old = _old(redeploy)
        return Story(self.requests, self.order, self.asks, answers, redeploy.new, old)


def prepare(redeploy: Redeploy, probe: Probe) -> Prepared:
    """The same questions in the same order, however often they are prepared."""
    schema = redeploy.monitor.schema()
    rows = stored_sample(redeploy, "old").rows
    if rows.num_rows == 0:  # nobody logged the old version: the new one's requests are sent to both
        rows = stored_sample(redeploy, "new").rows
    requests, labels = stored_requests(rows, schema), labels_of(rows, schema)
    numeric = [name for name, kind in schema.features.items() if kind == "numeric"]
    questions = Questions(
        new=redeploy.new,
        old=_old(redeploy),
        budget=min(redeploy.budget, probe.requests),
        labels=labels,
        groups=groups_of(labels, requests),
        proxies=probe.proxies,
        sweeps={name: _steps(rows[name]) for name in probe.monotonic},
        numeric=numeric,
        categorical=[name for name in schema.features if name not in numeric],
        donors=_donors(redeploy),
    )
    order = order_of(requests)
    asks = plan(requests, order, questions)
    return Prepared(requests, order, asks, segments_of(rows, schema), memberships(labels))


def ask_probes(redeploy: Redeploy, connect: Connect, *, seconds: float) -> bool:
    """Ask what has not been asked yet, for at most so long; returns whether everything has been.

    What a kill cut off between being sent and being answered is not asked again: it is lost, and the model was asked
    once. Two processes never ask at the same time.

    Raises:
        SourceAuthError, SourceConfigError: credentials or endpoint are wrong; what is left is asked after the repair.
    """
    probe = redeploy.probe
    if probe is None:
        return True
    url, redeploy_id, until = redeploy.settings.database_url, redeploy.open(), time.monotonic() + seconds
    prepared = prepare(redeploy, probe)
    with engine.session(url) as guard, guard.begin(), engine.session(url) as session:
        if not redeploys.lock(guard, redeploy_id):
            return False
        asked = redeploys.asked(session, redeploy_id)
        left = [ask for ask in prepared.asks if ask.key not in asked]
        with Prober(probe, redeploy.monitor.schema(), connect(probe.connection)) as prober:
            ledger = _Ledger(session, redeploy_id, prober, probe, min(redeploy.budget, probe.requests))
            for ask in left:
                if time.monotonic() >= until:
                    return False
                if not ledger.ask(ask, prepared.requests[ask.row]):
                    return True
    return True


class _Ledger:
    """Sends one request at a time: written down before it is sent, completed when it is answered."""

    def __init__(self, session: Session, redeploy_id: int, prober: Prober, probe: Probe, budget: int) -> None:
        self._session, self._id, self._prober = session, redeploy_id, prober
        self._pause, self._last = 1 / probe.requests_per_second, float("-inf")
        self._left = budget - redeploys.n_sent(session, redeploy_id)

    def ask(self, ask: Ask, request: StoredRequest) -> bool:
        """Ask until it is answered; False when the budget is used up."""
        while self._left > 0:
            self._keep_rate()
            redeploys.reserve(self._session, self._id, ask.key)
            self._session.commit()
            self._left -= 1
            try:
                answer = self._prober.ask(ask.version, {**request.values, **ask.changed})
            except Busy as busy:
                time.sleep(busy.seconds)
                continue
            redeploys.complete(self._session, self._id, ask.key, answer)
            self._session.commit()
            return True
        return False

    def _keep_rate(self) -> None:
        """The model has customers to answer."""
        wait = self._last + self._pause - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        self._last = time.monotonic()


def _old(redeploy: Redeploy) -> str | None:
    probe = redeploy.probe
    return redeploy.old if probe is not None and probe.asks_by_version else None


def _steps(column: pa.ChunkedArray) -> list[float]:
    values = np.asarray(column.to_numpy(), dtype=np.float64)
    known = values[np.isfinite(values)]
    return np.unique(np.quantile(known, SWEEP)).tolist() if len(known) else []


def _donors(redeploy: Redeploy) -> dict[str, list[Value]]:
    """What the features that drifted have in the reference."""
    traffic = judged_traffic(redeploy)
    found = traffic.findings if traffic is not None else ()
    drifted = dict.fromkeys(
        one.measurement.feature
        for one in found
        if one.measurement.check == "feature_drift" and one.status == "alert" and one.measurement.feature
    )
    if not drifted:
        return {}
    digest = load_reference(redeploy.monitor, redeploy.settings).digest
    rows = reference_rows(redeploy.monitor, redeploy.settings, digest)
    return {name: rows[name].to_pylist() for name in list(drifted)[:MOST_DRIFTED]}
