"""Take a parcel that came back."""
