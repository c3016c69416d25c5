"""The data plane: pure DataFrame steps and one entry per job."""
