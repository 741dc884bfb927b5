"""Pages and feeds for everyone. They only read."""
