"""What templates know of people."""
