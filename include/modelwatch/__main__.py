"""`python -m modelwatch`: the same as the console script."""

from modelwatch.cli import main

main()
