"""The chart is a PNG, the same every time, and readable however many bins and groups there are."""

import struct
import zlib

import pytest

from modelwatch.report.chart import MAX_BARS, Rates, Shares, draw

pytest.importorskip("matplotlib", reason="the chart needs matplotlib")
MANY = Shares(
    "merchant $x$", tuple(f"'{i}'" for i in range(300)), (1 / 300,) * 300, tuple(i / 44_850 for i in range(300))
)
GROUPS = Rates("selection rate by gender", ("gender=F", "gender=M"), (0.02, 0.05), (0.01, 0.04), (0.03, 0.06))


def test_it_is_an_image_and_the_same_every_time() -> None:
    image = draw([MANY, GROUPS])
    assert image[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", image[16:24])
    assert (width, height) == (990, 748)
    assert image == draw([MANY, GROUPS])
    assert len(image) > 10_000
    assert zlib.crc32(image) != zlib.crc32(draw([GROUPS]))


def test_it_keeps_the_bars_that_moved_most_in_their_order() -> None:
    shown = MANY.widest()
    assert len(shown.labels) == MAX_BARS
    assert "'299'" in shown.labels
    assert shown.labels == tuple(sorted(shown.labels, key=lambda label: int(label.strip("'"))))
