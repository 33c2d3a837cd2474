"""When a record is finished: the ledger, which alone says what may be committed, and what is written about a record."""
