"""`dlq`: what is in the dead-letter topics, what would become of it now, and back to the service with it.

reading (Kafka) → letters (what a dead letter says) → selecting (which are meant) → listing, showing, or
judging (which may be replayed) → replaying. All but reading, fetching and replaying is pure.
"""
