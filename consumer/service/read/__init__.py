"""Stage `read`: which topics are followed, which partitions are ours, from where they are read, and which pause."""
