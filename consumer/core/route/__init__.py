"""Which rules hold for a record: conditions, and the comparisons they are made of."""
