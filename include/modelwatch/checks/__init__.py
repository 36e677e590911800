"""Each check turns two profiles into measurements; one module per kind of check."""
