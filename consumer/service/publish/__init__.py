"""What other threads may see of the service: metrics, health, status. `publish_stage` is the way in."""
