"""What people see of a service: plain data (`model`), made after steps (`reporting`); for all workers, `merging`."""
