"""From a reference to answers: plan, load, guard, workers."""
