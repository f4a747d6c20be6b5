"""Report that the carrier brought a parcel back."""
