"""What can go wrong, one clear line each."""


class GradfadeError(Exception):
    """Something was asked that cannot be done; its text is one line that names the place and the way out."""


class GradfadeWarning(UserWarning):
    """Something was lost that does not stop the training."""
