"""Is a new version of the model the same, changed, worse or unfair? What to ask it, and what its answers mean."""
