"""What is kept, and where: tables, the ledger, the vault, migrations and the reports' columnar copy."""
