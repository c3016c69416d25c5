"""Released models after their release: which may be served, what each alias names, and who is told."""
