# The inspection station and Eagle's command line. Not built where this was written: no Docker daemon there (docs/station.md).
FROM python:3.11-slim

# git tells a run its commit; libgomp1 is torch's.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends git libgomp1 \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --create-home --uid 10001 eagle \
 && mkdir --parents /line /mlflow /home/eagle/.prefect \
 && chown eagle /line /mlflow /home/eagle/.prefect

COPY . /opt/eagle
RUN pip install --no-cache-dir -c /opt/eagle/constraints.txt "/opt/eagle[serve,camera,mqtt,postgres]"

USER eagle
WORKDIR /line
VOLUME /line
EXPOSE 8321
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8321/healthz', timeout=4)"]
CMD ["eagle", "serve", "--host", "0.0.0.0"]
