"""Where events go on from the log in Postgres: engines that carry them between processes."""
