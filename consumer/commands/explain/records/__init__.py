"""Where `explain` gets records from: a file, or an offset of a topic."""
