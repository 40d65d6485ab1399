"""What a mistake is, for all that can find one: the ground floor."""
