"""`drill`: a known drift in a copy of the last sample goes the whole way to a test channel, or fails loudly."""

from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy.orm import Session

from modelwatch.config.alerts import Slack as Address
from modelwatch.domain import Judgement, Result, Sample, Window
from modelwatch.episodes import Policy, Replay, judged_window, problem_key
from modelwatch.errors import DrillError, ModelwatchError, SettingsError
from modelwatch.report import messages
from modelwatch.report.meaning import meaning
from modelwatch.steps.alert import send_due
from modelwatch.steps.fetch import profile_sample
from modelwatch.steps.measure import MEASURES
from modelwatch.steps.reference import load_reference
from modelwatch.steps.run import Connect, Run
from modelwatch.store import engine, history, outbox
from modelwatch.store.outbox import Due
from modelwatch.store.samples import Artifacts
from modelwatch.verdict import judge

TIMES = 100.0
STRANGER = "modelwatch fire drill"


def fire_drill(run: Run, connect: Connect) -> str:
    """Drill one monitor; returns what was injected and where it arrived.

    Args:
        run: of the monitor; its window is replaced by that of the last sample, its run id names the drill.

    Raises:
        DrillError: there is no sample to drill with, or the injected drift was not found, or it did not arrive.
        SettingsError: the monitor file names no channel for drills. AlertError: Slack refused the message.
    """
    address = _address(run)
    with engine.session(run.settings.database_url) as session:
        window, sample = _last_sample(session, run)
    run = replace(run, window=window)
    name, drifted = inject(sample, run)
    judgement = _judged(run, drifted, name)
    key = f"drill:{run.monitor.monitor}:{run.run_id}"
    due = Due(key, run.monitor.monitor, "drill", address.connection, address.channel, _message(run, judgement, name))
    with engine.session(run.settings.database_url) as session, session.begin():
        outbox.add_due(session, due)
    try:
        send_due(run, connect, {}, only="drill")
    finally:
        _forget(run, key)
    return (
        f"{run.monitor.monitor}: {name} was changed, found and told in {address.channel}: {_arrival(run, connect, key)}"
    )


def inject(sample: Sample, run: Run) -> tuple[str, Sample]:
    """A copy of the sample in which one feature is a hundred times what it was (or one category nobody knows)."""
    kinds = run.monitor.schema().features
    for name, kind in kinds.items():
        column = sample.rows[name]
        if kind == "numeric" and (pc.count_distinct(column).as_py() or 0) > 1:
            return name, _with(sample, name, pc.multiply(column, TIMES))
    name = next(iter(kinds))
    strangers = pa.array([STRANGER] * sample.rows.num_rows, pa.string())
    return name, _with(sample, name, strangers)


def _with(sample: Sample, name: str, values: pa.ChunkedArray | pa.Array) -> Sample:
    position = sample.rows.column_names.index(name)
    return replace(sample, rows=sample.rows.set_column(position, name, values))


def _address(run: Run) -> Address:
    alerts = run.monitor.alerts
    conn_id = alerts.drill and (alerts.drill.connection or (alerts.slack and alerts.slack.connection))
    if alerts.drill is None or not conn_id:
        message = (
            f"{run.monitor.path}: a fire drill needs a test channel: add alerts.drill: "
            '{channel: "#modelwatch-test"} (and a connection, when alerts.slack names none)'
        )
        raise SettingsError(message)
    return Address(connection=conn_id, channel=alerts.drill.channel)


def _last_sample(session: Session, run: Run) -> tuple[Window, Sample]:
    found = history.newest_sample(session, run.monitor.monitor)
    if found is None:
        message = f"'{run.monitor.monitor}' has no stored sample to drill with; let it judge a window first"
        raise DrillError(message)
    window, uri = found
    try:
        return window, Artifacts(run.settings.samples_url).read_sample(uri)
    except (ModelwatchError, OSError) as error:
        message = f"the sample of {window} cannot be read to drill with ({error}); let the monitor judge a window first"
        raise DrillError(message) from None


def _judged(run: Run, sample: Sample, name: str) -> Judgement:
    """The drifted sample as the monitor judges it.

    Raises:
        DrillError: the change that was injected is not an alert.
    """
    reference = load_reference(run.monitor, run.settings)
    profile = profile_sample(sample, reference, run)
    measured = [
        m for check in MEASURES for m in MEASURES[check](reference.profile, profile, run.monitor, reference.variation)
    ]
    judgement = judge(measured, run.monitor.rules(), n_current=sample.rows.num_rows)
    replay = Replay(Policy())
    pages = replay.add(judged_window(run.window, judgement, n_current=sample.rows.num_rows))
    if not pages or name not in {
        result.measurement.feature for result in judgement.findings if result.status == "alert"
    }:
        message = (
            f"the drill changed '{name}' in the sample of {run.window} and the monitor says '{judgement.verdict}' "
            f"({judgement.reason or 'nothing crossed its alert threshold'}): a real change like it would not be told"
        )
        raise DrillError(message)
    return judgement


def _message(run: Run, judgement: Judgement, name: str) -> messages.Payload:
    findings: tuple[Result, ...] = tuple(one for one in judgement.findings if one.measurement.feature == name)
    worst = max((one.measurement.effect or 0.0) / (one.threshold or 1.0) for one in findings)
    facts = messages.Facts(
        number=0,
        monitor=f"FIRE DRILL {run.monitor.monitor}",
        fingerprint="drill:drill",
        members=tuple(dict.fromkeys(problem_key(one) for one in findings)),
        severity="alert",
        status="open",
        state="alert",
        n_seen=1,
        n_windows=1,
        peak=worst,
        opened=run.window,
        last=run.window,
        newest=run.window,
        findings=findings,
        meaning=meaning(judgement),
        note="this is a drill: nothing is wrong",
        owner=run.monitor.owner,
        runbook_base=run.monitor.alerts.runbook or run.settings.runbook_url,
    )
    return messages.root(facts)


def _arrival(run: Run, connect: Connect, key: str) -> str:
    """The message's ``ts``, as Slack itself gives it back.

    Raises:
        DrillError: it is not there.
    """
    from modelwatch.report.delivery import Slack

    with engine.session(run.settings.database_url) as session:
        row = outbox.by_key(session, key)
        if row is None or row.channel is None:
            message = "the drill's message was not sent"
            raise DrillError(message)
        found = Slack(connect(row.connection)).find(row.channel, key, row.created_at)
    if found is None:
        message = f"Slack took the drill's message, but it is not in {row.target}: is the channel the one you read?"
        raise DrillError(message)
    return found


def _forget(run: Run, key: str) -> None:
    """A drill that could not be sent is over: nobody shall be drilled by a later run."""
    with engine.session(run.settings.database_url) as session, session.begin():
        row = outbox.by_key(session, key)
        if row is not None and row.sent_at is None:
            outbox.mark_needless(row, row.last_error or "the drill failed")
