"""The process in which a student's function runs: its format, its guards, its two sides."""
