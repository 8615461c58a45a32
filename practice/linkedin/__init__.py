"""A stand-in for LinkedIn's pages, with the real ones' habits and lies; Playwright's routing leads LinkedIn's host to it."""
