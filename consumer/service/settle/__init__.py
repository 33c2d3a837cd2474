"""Stage `settle` in the service: dead and parked records, and commits. `settle_stage` is the way in."""
