"""What the shop adds to pytest-osiris."""
