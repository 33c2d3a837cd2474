"""The `rules` section of the file, and the sources and conditions in it."""
