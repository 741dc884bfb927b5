"""The command line: parse, open, call, print; a file for every noun."""
