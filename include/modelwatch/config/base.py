"""What every part of a monitor file has in common."""

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer


class Strict(BaseModel):
    """No unknown key: a misspelt one would silently mean the default."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


_DURATION = re.compile(r"P(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?)?")


def _duration(value: Any) -> timedelta:  # noqa: ANN401  # whatever stands in the file
    if isinstance(value, timedelta):
        return value
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    length = timedelta(**{unit: int(n) for unit, n in match.groupdict().items() if n}) if match else timedelta(0)
    if not length:
        message = f"{value!r} is not a duration; write ISO 8601 such as P1D, P7D or PT1H"
        raise ValueError(message)
    return length


def duration_text(length: timedelta) -> str:
    """ISO 8601, in the form the file would have it: P7D, PT12H."""
    minutes = length // timedelta(minutes=1)
    days, rest = divmod(minutes, 1440)
    hours, minutes = divmod(rest, 60)
    time = "".join(f"{n}{unit}" for n, unit in ((hours, "H"), (minutes, "M")) if n)
    return f"P{f'{days}D' if days else ''}{f'T{time}' if time else ''}"


Duration = Annotated[timedelta, BeforeValidator(_duration), PlainSerializer(duration_text)]
Scalar = str | bool | int | float
