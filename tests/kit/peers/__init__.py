"""Other people's servers, played in process: their JSON, their checks, their habits."""
