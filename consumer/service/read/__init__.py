"""Stage `read`: which topics are followed, which partitions are assigned, from where they are read, and which pause."""
