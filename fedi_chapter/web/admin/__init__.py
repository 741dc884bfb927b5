"""The organizers' door and console: pages for those who are signed in, and nobody's cache."""
