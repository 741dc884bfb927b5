"""What we publish in the formats of calendars, feed readers, maps and search engines: pure."""
