"""The `mlflow` of a monitor file: where the metrics of its evaluations are logged."""

from pydantic import Field

from modelwatch.config.base import Strict


class Mlflow(Strict):
    """A tracking server. Each evaluation is one run of the experiment, which is created when it is not there."""

    connection: str = Field(min_length=1)
    experiment: str = Field(min_length=1)
