"""Print what goes on a parcel."""
