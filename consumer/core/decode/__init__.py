"""Kafka's bytes → a record as Python values. `decoder` is the way in; `compiled_reader` is what makes it fast."""
