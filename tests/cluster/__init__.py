"""The chart in a real cluster. `make cluster-check` alone runs these tests: as root, on Debian."""
