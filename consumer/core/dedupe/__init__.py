"""The window that finds copies, merges them, and survives restarts. `window` is the way in."""
