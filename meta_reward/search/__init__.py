"""The search itself: the only room that knows all the others."""
