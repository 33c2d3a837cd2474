"""What `make bench` runs: figures of this machine, and ratios within one run."""
