"""What the pages show, as plain values: pure functions of what was read from the store."""
