"""Real servers, small ones, for tests that talk to something."""
