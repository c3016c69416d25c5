"""The airlock inwards: what a project asks to bring in, checked, reviewed by two others, and placed read-only."""
