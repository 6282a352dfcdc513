"""What is told of the running bots: status, the stall alert, the heartbeat."""
