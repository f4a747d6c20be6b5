"""Sum up what was sold on each day that is over: a batch job, by a timer of the worker or by command."""
