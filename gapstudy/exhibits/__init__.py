"""The tables and figures of the report, computed from runs."""
