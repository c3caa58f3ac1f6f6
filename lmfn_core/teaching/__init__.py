"""What the notebooks teach with: checkers and hints, predictions, widgets."""
