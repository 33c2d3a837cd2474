"""The tests of the tests: seeded mutants of the stages that the promises rest on, each of which a test must kill.

`python -m tests.mutants` runs them all, `python -m tests.mutants settle` those of one list.
"""
