"""Charts as SVG that needs no script: the same drawing on the page, in an export and in a report."""
