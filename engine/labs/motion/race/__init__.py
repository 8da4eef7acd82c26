"""The scan race: what the recurrence costs, and the short form that overflows."""
