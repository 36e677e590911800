"""What the Dags need of Airflow and modelwatch together; everything else is in one of the two."""
