"""Networks with known faults, and the same networks without them."""
