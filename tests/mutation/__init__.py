"""The test of the tests: mutmut changes settle, dedupe and deliver a little, and some test must fail."""
