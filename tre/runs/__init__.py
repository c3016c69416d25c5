"""Jobs that the platform runs outside everybody's reach, by name and through one port."""
