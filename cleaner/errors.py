"""The errors that a person or a program can act on: all are `CleanerError`."""


class CleanerError(Exception):
    """Something outside the program is wrong: an input, a setting, a rule, a folder, the installation."""
