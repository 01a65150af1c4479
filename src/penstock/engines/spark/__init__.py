"""The distributed engine: plans as Spark SQL, on a local Spark, a standalone master or Spark Connect."""
