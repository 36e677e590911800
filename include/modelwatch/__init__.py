"""modelwatch: scheduled drift and fairness monitoring for deployed models."""

__version__ = "0.1.0"
