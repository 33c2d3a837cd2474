"""What the sandbox keeps between requests: what it accepted, and how it is set to misbehave."""
