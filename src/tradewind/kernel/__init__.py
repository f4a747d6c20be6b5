"""What every floor stands on: ids, money, time, error kinds, lifecycle tables. Pure: no input, no output."""
