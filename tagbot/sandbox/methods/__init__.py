"""What each method of the Web API does, a family a file; the table of them is `sandbox/web_api.py`."""
