"""Private statistics: what is asked, how each person's part is bounded, and how noise is added."""
