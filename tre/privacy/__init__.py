"""The privacy ledger: budgets of epsilon and delta, reserved, committed or refunded."""
