"""What the package of part (g) does, as a person would write it for PySpark: python on_spark.py DATA OUT."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from pyspark.sql import SparkSession
from pyspark.sql import functions as f

from penstock.engines.spark.java import java_home

ORDERS = "id BIGINT, customer INT, quantity INT, price DOUBLE, country STRING, paid_on TIMESTAMP, note STRING"


def main() -> None:
    """Read, join, sum up and write."""
    data, out = sys.argv[1:3]
    home = java_home(os.environ, Path(tempfile.gettempdir()) / "penstock-bench-java")
    if home is not None:
        os.environ["JAVA_HOME"] = home
    spark = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.sql.shuffle.partitions", "4")
        .getOrCreate()
    )
    orders = spark.read.csv(f"{data}/orders.csv", schema=ORDERS, header=True)
    customers = spark.read.csv(f"{data}/customers.csv", schema="id INT, segment STRING", header=True)
    summed = (
        orders.where("quantity > 2")
        .join(customers, orders.customer == customers.id)
        .groupBy("segment", "country")
        .agg(f.count("*").alias("orders"), f.sum("price").alias("total"))
        .orderBy("segment", "country")
    )
    summed.coalesce(1).write.csv(out, header=True, mode="overwrite")
    spark.stop()


if __name__ == "__main__":
    main()
