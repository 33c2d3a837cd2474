"""Commands beside `run`; only `cli` imports them."""
