"""One file per activity, each exporting `apply` and, where it must ask others, `prepare`."""
