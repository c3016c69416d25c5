"""One decision point: the Cedar policies in ``policies/``, asked by every gate."""
