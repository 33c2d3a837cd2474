"""Kafka: reading, writing, committing, and what an administrator would ask."""
