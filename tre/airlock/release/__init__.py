"""What becomes of an approved request: its crate, the requester's download area, and delivery to targets."""
