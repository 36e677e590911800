"""The parts of the pages that have thousands of elements, written without a template's cost for each."""

from collections.abc import Mapping, Sequence

from markupsafe import Markup, escape

from modelwatch.domain import Window
from modelwatch.report.page.heat import Heat, HeatRow
from modelwatch.report.page.listing import Square
from modelwatch.report.page.words import VERDICT_WORDS, WORST_FIRST, window_slug
from modelwatch_ui.anchors import anchor

STEP, HEIGHT = 5, 18


def heat_rows(heat: Heat, home: str) -> Markup:
    """The body of a map: every cell leads to its feature in its window, and one of them can be tabbed to."""
    base = escape(home)
    windows = {cell.window for row in heat.rows for cell in row.cells if cell is not None}
    links = {window: f"{base}/windows/{window_slug(window)}" for window in windows}
    rows = [_row(row, links, is_first=i == 0) for i, row in enumerate(heat.rows)]
    return Markup("").join(rows)


def strip(squares: Sequence[Square], name: str) -> Markup:
    """The strip of a monitor: one path for each verdict, and its sums for those who do not see it."""
    width = STEP * len(squares)
    paths = [_path(squares, verdict) for verdict in WORST_FIRST]
    paths.append(_gaps(squares))
    return Markup(
        '<svg class="chart strip" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>'
    ).format(width, HEIGHT, strip_words(squares, name), Markup("").join(paths))


def strip_words(squares: Sequence[Square], name: str) -> str:
    """``fraud, the last 60 days: 7 alert, 51 ok, 2 without a window``."""
    sums = {VERDICT_WORDS[verdict]: sum(one.verdict == verdict for one in squares) for verdict in WORST_FIRST}
    sums["without a window"] = sum(one.verdict is None for one in squares)
    said = ", ".join(f"{n} {words}" for words, n in sums.items() if n)
    return f"{name}, the last {len(squares)} days: {said}"


def _row(row: HeatRow, links: Mapping[Window, str], *, is_first: bool) -> Markup:
    cells, at, free = [], escape(anchor(row.name)), is_first
    for cell in row.cells:
        if cell is None:
            cells.append("<td></td>")
            continue
        real = " real" if cell.significant else ""
        tab = "0" if free else "-1"
        free = False
        link = f'<a href="{links[cell.window]}#{at}" tabindex="{tab}" aria-label="{escape(cell.words)}"></a>'
        cells.append(f'<td class="{cell.level}{real}">{link}</td>')
    head = Markup('<tr><th scope="row" title="{0}">{0}</th>').format(row.name)
    return head + Markup("".join(cells) + "</tr>")  # noqa: S704  # every part is escaped above


def _path(squares: Sequence[Square], verdict: str) -> Markup:
    places = "".join(f"M{STEP * i} 0h4v{HEIGHT}h-4z" for i, one in enumerate(squares) if one.verdict == verdict)
    return Markup('<path class="cell {}" d="{}"/>').format(verdict, places) if places else Markup("")


def _gaps(squares: Sequence[Square]) -> Markup:
    places = "".join(f"M{STEP * i} 8h4v2h-4z" for i, one in enumerate(squares) if one.verdict is None)
    return Markup('<path class="cell none" d="{}"/>').format(places) if places else Markup("")
