"""A Slack on this machine: Web API, Socket Mode and the people, over real HTTP."""
