"""LinkedIn, driven on its own web pages with the system's Chromium, as a person would see them."""
