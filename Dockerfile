# The service and the watch, without torch: docker build -t passagework .
# docs/container.md says how it is run. PYTHON is any image of Debian with a Python from 3.10 to 3.13.
ARG PYTHON=python:3.11-slim-bookworm

FROM ${PYTHON} AS build
ARG EXTRAS=cpu,fast,offline,serve,watch
WORKDIR /source
COPY . .
RUN python3 -m venv /opt/passagework && \
    /opt/passagework/bin/pip install --no-cache-dir --constraint constraints.txt ".[${EXTRAS}]"

FROM ${PYTHON}
COPY --from=build /opt/passagework /opt/passagework
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin passagework && \
    install --directory --owner 10001 --group 10001 /collections
ENV PATH=/opt/passagework/bin:$PATH \
    HOME=/tmp \
    PASSAGEWORK_OFFLINE=1 \
    PYTHONDONTWRITEBYTECODE=1
USER 10001
WORKDIR /collections
VOLUME /collections
EXPOSE 8600
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python3", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8600/readyz', timeout=4)"]
ENTRYPOINT ["passagework"]
CMD ["serve", "--collection", "documents=/collections/documents", "--host", "0.0.0.0", "--tokens", "/run/secrets/tokens"]
