"""What might please somebody."""
