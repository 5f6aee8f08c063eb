"""What must leave the house exactly as often as promised: written with the step that caused it, delivered later."""
