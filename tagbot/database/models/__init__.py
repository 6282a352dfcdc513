"""The tables, each with the queries about it that have a name. Times are seconds since 1970, UTC."""
