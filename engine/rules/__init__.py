"""May it run, why not, when next: pure decisions over given facts and a given instant."""
