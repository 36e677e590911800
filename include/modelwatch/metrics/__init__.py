"""Metrics: pure functions of counts and proportions, without thresholds or p-values."""
