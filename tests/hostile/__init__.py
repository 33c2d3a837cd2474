"""Whoever may write a record or register a schema cannot stop the service."""
