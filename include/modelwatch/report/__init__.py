"""Pure rendering of stored evaluations, and the policy of who hears of them."""
