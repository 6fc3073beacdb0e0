"""Who is who: rhythm, life, recency and money, cohorts, movement."""
