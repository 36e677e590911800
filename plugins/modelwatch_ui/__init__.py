"""The pages of model health: a FastAPI app that knows no Airflow, and the plugin that puts it into Airflow."""
