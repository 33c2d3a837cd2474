"""The edges: one kind of I/O a file, and no decisions."""
