"""How the running bots are: status, heartbeat, hung stages, stall alert."""
