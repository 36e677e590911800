# One image for every service of docker-compose.yaml; include/local/start decides which one a container is.
FROM python:3.11.14-slim-bookworm

ENV AIRFLOW_HOME=/opt/airflow \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1

RUN useradd --uid 50000 --home-dir /opt/airflow --create-home modelwatch

WORKDIR /opt/modelwatch

# The dependencies first: they change less often than the code, and take longer.
COPY requirements.lock requirements.txt ./
RUN pip install --no-cache-dir --disable-pip-version-check -r requirements.txt

COPY pyproject.toml README.md ./
COPY include ./include
COPY dags ./dags
COPY plugins ./plugins
RUN pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation -e .

USER 50000
EXPOSE 8080
ENTRYPOINT ["/opt/modelwatch/include/local/start"]
CMD ["api-server"]
