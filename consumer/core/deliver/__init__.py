"""Which request goes next, and what its answer does. `delivery` is the way in; `response` says what an answer means."""
