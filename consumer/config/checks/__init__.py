"""What no single section can see: settings against one another, and paths against the Avro schema."""
