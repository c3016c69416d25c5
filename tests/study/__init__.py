"""The first study: the whole environment, end to end, as its users go through it. ``make study`` runs it."""
