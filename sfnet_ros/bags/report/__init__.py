"""What an evaluation comes to: numbers for programs, one page for people."""
