"""What programs ask for: discovery, actors, objects, collections, inboxes."""
