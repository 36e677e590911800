"""What every part of a monitor file has in common."""

import json
import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer

Place = tuple[str | int, ...]
LONGEST = timedelta(days=3660)


class Strict(BaseModel):
    """No unknown key: a misspelt one would silently mean the default."""

    # Deferred: the monitor's model builds a validator of all its parts, which none of them needs for itself.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False, defer_build=True)


class Misfits(ValueError):
    """Several mistakes at once, each at a place below the part that was being checked."""

    def __init__(self, problems: list[tuple[Place, str]]) -> None:
        self.problems = problems
        super().__init__("; ".join(text for _, text in problems))


def require_none(problems: list[tuple[Place, str]]) -> None:
    """Refuse the part when there is a problem with it.

    Raises:
        Misfits: there is one.
    """
    if problems:
        raise Misfits(problems)


def shown(value: Any) -> str:  # noqa: ANN401  # whatever stands in the file
    """A value as the file would have it, short, and without a password that stands in a URL."""
    text = f"'{value}'" if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
    text = _USERINFO.sub("://…@", text)
    return text if len(text) <= 60 else f"{text[:59]}…"


_USERINFO = re.compile(r"://[^/@\s]*:[^/@\s]*@")


def require_no_password(text: str) -> str:
    """Refuse a URL with a user's name and password in it: the file is read by many and kept in version control."""
    if _USERINFO.search(text):
        message = "holds a user name and a password; keep them in a connection, and write the URL without them"
        raise ValueError(message)
    return text


def require_path(path: str) -> str:
    """Refuse a whole URL where only the path below a connection belongs."""
    if "://" in path:
        message = "holds a whole URL; write the path only, the connection has host and credentials"
        raise ValueError(message)
    return path


_DURATION = re.compile(r"P(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?)?")


def parse_duration(value: Any) -> timedelta:  # noqa: ANN401  # whatever stands in the file
    """An ISO 8601 duration of weeks, days, hours and minutes, more than zero and at most ten years."""
    if isinstance(value, timedelta):
        return value
    match = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    try:
        length = timedelta(**{unit: int(n) for unit, n in match.groupdict().items() if n}) if match else timedelta(0)
    except OverflowError:
        length = timedelta(0)
    if not timedelta(0) < length <= LONGEST:
        message = f"{shown(value)} is not a duration up to ten years; write ISO 8601 such as P1D, P7D or PT1H"
        raise ValueError(message)
    return length


def duration_text(length: timedelta) -> str:
    """ISO 8601, in the form the file would have it: P7D, PT12H."""
    minutes = length // timedelta(minutes=1)
    days, rest = divmod(minutes, 1440)
    hours, minutes = divmod(rest, 60)
    time = "".join(f"{n}{unit}" for n, unit in ((hours, "H"), (minutes, "M")) if n)
    return f"P{f'{days}D' if days else ''}{f'T{time}' if time else ''}"


def _scalar(value: Any) -> Any:  # noqa: ANN401  # whatever stands in the file
    if not isinstance(value, str | bool | int | float):
        message = f"expected one value (text, a number, true or false), found {shown(value)}"
        raise ValueError(message)  # noqa: TRY004  # pydantic wants it so
    return value


Duration = Annotated[timedelta, BeforeValidator(parse_duration), PlainSerializer(duration_text)]
Scalar = Annotated[str | bool | int | float, BeforeValidator(_scalar)]
