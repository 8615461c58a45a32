"""Stand-ins for the outside world, used by the demo and by the tests."""
