"""Everything on one machine: starts and stops Airflow, its Postgres, the demo's API and a stand-in for Slack."""
