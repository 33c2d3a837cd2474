"""What the sandbox keeps between requests: what it accepted, and how it was told to misbehave."""
