"""What a network must compute, worked out from its graph with torch alone."""
