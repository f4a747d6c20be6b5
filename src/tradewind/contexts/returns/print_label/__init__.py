"""Print what goes on the parcel of a return."""
