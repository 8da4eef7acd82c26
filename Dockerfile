# The lab in one container. It runs as a user without rights on a root file system that can be
# read-only: it writes to /data, and to /tmp while it works.
FROM python:3.12-slim AS build
# torch without CUDA, which the lab does not use; empty: what the package index offers.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
COPY requirements.txt /build/requirements.txt
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check \
        ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} -r /build/requirements.txt

FROM python:3.12-slim
RUN useradd --uid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin engram \
    && install -d -o engram -g engram /data
COPY --from=build /opt/venv /opt/venv
WORKDIR /lab
COPY .streamlit .streamlit
COPY assets assets
COPY engine engine
COPY pages pages
COPY app.py LICENSE ./
COPY deploy/health.py deploy/health.py
# Compiled here, because nothing can be written beside the sources later.
RUN /opt/venv/bin/python -m compileall -q app.py engine pages
ENV ENGRAM_HOME=/data ENGRAM_NO_CC=1 HOME=/tmp PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 10001:10001
VOLUME /data
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["/opt/venv/bin/python", "deploy/health.py"]
CMD ["/opt/venv/bin/python", "-m", "streamlit", "run", "app.py", \
     "--server.address=0.0.0.0", "--server.port=8501", "--server.headless=true"]
