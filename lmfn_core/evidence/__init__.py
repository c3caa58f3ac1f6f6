"""From run records and the claims ledger to verdicts, tables and figures."""
