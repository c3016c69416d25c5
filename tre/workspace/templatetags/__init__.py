"""What templates know of workspaces."""
