"""The corpus that judges disclosure inspection: planted leaks beside clean look-alikes, in every format.

It is written from the attacker's and the reviewer's seats alone: it knows the identities of the synthetic health
system, the formats that outputs come in, and what the policy promises; it knows nothing of how anything is detected.
Everything follows from one seed. ``python -m tests.corpus`` judges it and writes docs/detection.md.
"""
