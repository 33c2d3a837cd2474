"""Commands other than `run`; only `cli` imports them."""
