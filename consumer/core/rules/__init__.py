"""What a rule says: sources and conditions as values, and the getters that are compiled from them."""
