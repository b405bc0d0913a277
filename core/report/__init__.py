"""What leaves the machine: tables and reports, with small clusters held back."""
