"""The report of an evaluation as an artifact beside the sample: what an auditor is sent, without a page or a login."""

import logging

from modelwatch.errors import StoreError
from modelwatch.pages import Pages
from modelwatch.report.html import window_report
from modelwatch.steps.run import Run
from modelwatch.store import engine, repository
from modelwatch.store.samples import Artifacts

log = logging.getLogger(__name__)


def write_report(run: Run, evaluation_id: int) -> str | None:
    """Write ``report.html`` into the run's folder and return its URI; None when the storage refused.

    The verdict is stored by then and is not to be lost for a report, which the page can write again at any time.
    """
    with engine.session(run.settings.database_url) as session:
        number = repository.load_evaluation(session, evaluation_id).number
    view = Pages(run.settings).window(run.monitor.monitor, run.window, number=number)
    if view is None:
        return None
    try:
        return Artifacts(run.settings.samples_url).write_bytes(
            f"{run.folder}/report.html", window_report(view).encode()
        )
    except StoreError as error:
        log.warning("the report was not written: %s", error)
        return None
