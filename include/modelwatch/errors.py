"""Every failure modelwatch can name, each with its data as attributes and a message that ends in the fix."""

from difflib import get_close_matches


class ModelwatchError(Exception):
    """Base of all errors a user may see; the command line prints its message and no traceback."""


class MonitorConfigError(ModelwatchError):
    """A monitor file that cannot be used.

    Attributes:
        path: the file as the user named it.
        problems: one line per mistake, each with its place, what was found and what is allowed.
    """

    def __init__(self, path: str, problems: list[str]) -> None:
        self.path = path
        self.problems = problems
        super().__init__("\n".join(f"{path}: {problem}" for problem in problems))


class SettingsError(ModelwatchError):
    """An environment setting or an Airflow Connection that is missing or malformed."""


class SourceError(ModelwatchError):
    """The source of the requests could not be read to its end."""


class SourceAuthError(SourceError):
    """The source refused the credentials (401, 403): retrying cannot help."""


class SourceConfigError(SourceError):
    """The source answered, but not as the monitor file says it does (404, a missing path, a missing column)."""


class SourceTimeout(SourceError):
    """The source did not answer in time, or kept answering 429 or 5xx after the retries."""


class SourceResponseError(SourceError):
    """The source answered with something that is not a page of requests, or with more than the caps allow."""


class DataError(ModelwatchError):
    """A reference, current or label file that cannot be used; the message names file, column and fix."""


class MissingRowsError(ModelwatchError):
    """The rows that a window would be compared with, or judged together with, are not there."""


class MetricInputError(ModelwatchError):
    """A metric was given numbers it is not defined for; a mistake of the caller, not of the data."""


class StoreError(ModelwatchError):
    """The store cannot be reached, is not migrated, or holds something this version cannot read."""


class AlertError(ModelwatchError):
    """A message could not be delivered; it stays unsent, and the message says what to mend."""


class TrackingError(ModelwatchError):
    """Metrics could not be logged to the tracking server; the verdict they are of is stored all the same."""


class DrillError(ModelwatchError):
    """A fire drill did not go the whole way: a real alarm would not have either."""


def did_you_mean(found: str, allowed: list[str]) -> str:
    """``; did you mean 'x'?`` when one allowed word is near what was found, else an empty string."""
    near = get_close_matches(found, allowed, n=1, cutoff=0.6)
    return f"; did you mean '{near[0]}'?" if near else ""
