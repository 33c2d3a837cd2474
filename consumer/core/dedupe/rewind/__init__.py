"""What commits carry, so that a new owner of a partition has the window of the old one."""
