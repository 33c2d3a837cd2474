"""What the tests fetch: each part once, before the tests, by one process, into `.cache/` of the checkout.

`python -m tests.parts` (`make parts`) fetches what is not there yet. The tests only look: one that lacks its part fails
with a sentence that says which, and how to get it. Nothing here reads or writes a cache outside the checkout.
"""
