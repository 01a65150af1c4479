"""What the packages of the benchmark do, each as one DuckDB script that a person would write."""
