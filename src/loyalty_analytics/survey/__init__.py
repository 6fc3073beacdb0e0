"""What they answer: scores with honest intervals, the silent, drivers, weights, doubtful answers."""
