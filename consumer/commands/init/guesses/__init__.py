"""What the names of fields say of events, their times, money and products."""
