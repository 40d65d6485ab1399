"""What changed from one network to another: matched, compared, and told as text, data and a figure."""
