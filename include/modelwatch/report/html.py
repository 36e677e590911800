"""Reports as one HTML file that opens without a network: no script, no link to anything outside itself."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from modelwatch.report.charts.bars import bin_chart
from modelwatch.report.charts.lines import time_chart
from modelwatch.report.charts.squares import heat_chart, strip_chart
from modelwatch.report.charts.svg import STYLE
from modelwatch.report.page import words
from modelwatch.report.page.model import ModelView
from modelwatch.report.page.window import WindowView
from modelwatch.report.privacy import MIN_GROUP

FOLDER = Path(__file__).with_name("templates")


def window_report(view: WindowView) -> str:
    """One evaluation of one window: the same evaluation always gives the same bytes."""
    return report_template("window.html").render(view=view)


def month_report(view: ModelView, month: str) -> str:
    """One monitor's month, such as ``2026-11``, from the page of those windows."""
    sums = [(words.VERDICT_WORDS[name], sum(m.verdict == name for m in view.shown)) for name in words.WORST_FIRST]
    return report_template("month.html").render(
        view=view,
        month=month,
        sums=[(name, n) for name, n in sums if n],
        strip=strip_chart([mark.verdict for mark in view.shown], label="Verdicts of the month, oldest first"),
        heat=heat_chart(view.heat, title="Features by day"),
    )


def report_template(name: str) -> Template:
    """A report's template, compiled when a process asks for it first."""
    return _environment().get_template(name)


@cache
def _environment() -> Environment:
    made = environment(FOLDER)
    made.globals.update(
        MIN_GROUP=MIN_GROUP,
        style=Markup(STYLE.read_text() + (FOLDER / "report.css").read_text()),  # noqa: S704  # our own files
    )
    return made


def environment(folder: Path) -> Environment:
    """Templates that escape every value and fail on one that is missing, with the words and charts they all use."""
    made = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        number=words.number,
        count=words.count,
        percent=words.percent,
        p=words.p_words,
        window=words.window_words,
        moment=words.moment_words,
        day=words.day_words,
    )
    made.globals.update(
        VERDICTS=words.VERDICT_WORDS, CHECKS=words.CHECK_WORDS, bin_chart=bin_chart, time_chart=time_chart
    )
    return made
