"""The `alerts` of a monitor file: who hears of what, when, and what is kept quiet for a while."""

from datetime import date, datetime, time, tzinfo
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, model_validator

from modelwatch.config.base import Duration, Strict, parse_duration, require_no_password, shown
from modelwatch.config.mention import Mention
from modelwatch.domain import Check


class Slack(Strict):
    """Where alerts go: a Slack Connection with a bot token as its password."""

    connection: str = Field(min_length=1)
    channel: str = Field(min_length=1)
    mention: Mention | None = None


class OpenAfter(Strict):
    """A problem pages when it was there in ``windows`` of the last ``of`` measured windows."""

    windows: int = Field(default=1, ge=1)
    of: int = Field(default=1, ge=1)

    @model_validator(mode="after")
    def _possible(self) -> "OpenAfter":
        if self.windows > self.of:
            message = f"windows ({self.windows}) is more than of ({self.of}): that many can never be"
            raise ValueError(message)
        return self


def _moment(value: Any) -> Any:  # noqa: ANN401  # whatever stands in the file
    """A date or a date and time, which YAML has read already when it stands without quotes."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime.combine(value, time())
    try:
        return datetime.fromisoformat(value)
    except (ValueError, TypeError):
        message = f"{shown(value)} is not a date; write 2026-11-10 or 2026-11-10T06:00:00Z"
        raise ValueError(message) from None


UntilMoment = Annotated[datetime, BeforeValidator(_moment), PlainSerializer(lambda moment: moment.isoformat())]


class Silence(Strict):
    """Problems that page nobody until a date, and why; with no check and no feature it silences the whole monitor."""

    reason: str = Field(min_length=1)
    until: UntilMoment
    check: Check | None = None
    feature: str | None = Field(default=None, min_length=1)
    group: str | None = Field(default=None, min_length=1)

    def ends(self, timezone: tzinfo) -> datetime:
        """``until`` as a moment; one without an offset is in the monitor's time zone."""
        return self.until if self.until.tzinfo else self.until.replace(tzinfo=timezone)


class Digest(Strict):
    """Warnings, once a day; by default in the alerts' channel."""

    enabled: bool = True
    channel: str | None = Field(default=None, min_length=1)


class Health(Strict):
    """Who hears that a monitor was not watching, on a Connection of its own.

    Attributes:
        grace: how long after its time a run may be missing before that is told.
    """

    connection: str = Field(min_length=1)
    channel: str = Field(min_length=1)
    mention: Mention | None = None
    grace: Duration = parse_duration("PT2H")


class Drill(Strict):
    """Where fire drills arrive; by default on the alerts' Connection."""

    channel: str = Field(min_length=1)
    connection: str | None = Field(default=None, min_length=1)


class Receiver(Strict):
    """Another place that hears of pages, through Airflow's provider for it.

    Attributes:
        to: the addresses of an e-mail.
    """

    type: Literal["pagerduty", "opsgenie", "email", "webhook"]
    connection: str = Field(min_length=1)
    to: list[str] = Field(default_factory=list)

    @model_validator(mode="after")
    def _addressed(self) -> "Receiver":
        if (self.type == "email") != bool(self.to):
            message = (
                "an e-mail needs addresses: to: [oncall@example.com]" if self.type == "email" else "only e-mail has to"
            )
            raise ValueError(message)
        return self

    @property
    def name(self) -> str:
        """``pagerduty:oncall``: what the outbox calls it."""
        return f"{self.type}:{self.connection}"


def _web_address(text: str) -> str:
    if not text.startswith(("https://", "http://")):
        message = f"{shown(text)} is not a web address; write https://..."
        raise ValueError(message)
    return text


class Alerts(Strict):
    """Who hears of an alert, after how many windows, and when it is over.

    Attributes:
        close_after: measured windows in a row below the warning level that end an episode.
        critical: a problem this many times its alert threshold opens at once and is an escalation.
    """

    slack: Slack | None = None
    open_after: OpenAfter = OpenAfter()
    close_after: int = Field(default=2, ge=1)
    critical: float = Field(default=4.0, gt=1)
    silences: list[Silence] = Field(default_factory=list)
    digest: Digest = Digest()
    health: Health | None = None
    drill: Drill | None = None
    receivers: list[Receiver] = Field(default_factory=list)
    runbook: Annotated[str, AfterValidator(_web_address), AfterValidator(require_no_password)] | None = None

    def names(self) -> list[str]:
        """Whom the file mentions by a name that Slack must be asked for."""
        mentions = [one.mention or "" for one in (self.slack, self.health) if one]
        return sorted({word for mention in mentions for word in mention.split() if not word.startswith("<")})
