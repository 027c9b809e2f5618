# The product's three images: --target operator, --target server, --target native. Both builders of Docker take this file (no RUN --mount).
# PYTHON_IMAGE: Python 3.11 with `venv`. The code comes last: a change of it rebuilds two small layers.
ARG PYTHON_IMAGE=python:3.11-slim-bookworm

# Installs from the lock files. pip stays here.
FROM ${PYTHON_IMAGE} AS installer
RUN python3 -m venv /opt/pip && python3 -m venv --without-pip /opt/venv
COPY cluster/image /usr/local/bin

FROM installer AS operator-packages
COPY requirements/operator.txt /requirements.txt
RUN install-requirements /requirements.txt \
 && slim kopf kubernetes.aio.dynamic mlflow.tracking prometheus_client pydantic yaml rfc8785 \
      sqlalchemy.dialects.sqlite cryptography.hazmat.primitives.asymmetric.ed25519

FROM ${PYTHON_IMAGE} AS runtime
# LightGBM's one need of the system. Python's own slim images lack it.
RUN ldconfig -p | grep -q libgomp.so.1 \
 || (apt-get update && apt-get install --yes --no-install-recommends libgomp1 && rm -rf /var/lib/apt/lists/*)
ENV PATH=/opt/venv/bin:$PATH PYTHONPATH=/app PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /tmp

FROM runtime AS operator
COPY --from=operator-packages /opt/venv /opt/venv
COPY contract/slipway_contract /app/slipway_contract
COPY operator/slipway /app/slipway
RUN python -m compileall -q --invalidation-mode unchecked-hash /app
USER 65532:65532
ENTRYPOINT ["python", "-m", "slipway"]

FROM installer AS server-packages
COPY requirements/server.txt /requirements.txt
RUN install-requirements /requirements.txt slipway-server=slipway_server.__main__:main && lean

# What serves: no scikit-learn, pandas or MLflow. A model that needs them gets them from the init container.
FROM runtime AS server
COPY --from=server-packages /opt/venv /opt/venv
COPY contract/slipway_contract /app/slipway_contract
COPY server/slipway_server /app/slipway_server
RUN python -m compileall -q --invalidation-mode unchecked-hash /app
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["slipway-server"]

FROM installer AS native-packages
COPY requirements/native.txt /requirements.txt
COPY pyproject.toml /pyproject.toml
RUN install-requirements /requirements.txt slipway-server=slipway_server.__main__:main \
 && /opt/venv/bin/python /usr/local/bin/describe-distribution /pyproject.toml /opt/venv

# What fetches, compiles and judges: the init container, and gate pods, in which `slipway.jobs` runs and imports what is
# beside it here. No more of the operator's code, or its every change would be a new image.
FROM runtime AS native
COPY --from=native-packages /opt/venv /opt/venv
COPY operator/slipway/__init__.py /app/slipway/
COPY operator/slipway/api /app/slipway/api
COPY operator/slipway/gates /app/slipway/gates
COPY operator/slipway/jobs /app/slipway/jobs
COPY operator/slipway/words /app/slipway/words
COPY contract/slipway_contract /app/slipway_contract
COPY server/slipway_server /app/slipway_server
RUN python -m compileall -q --invalidation-mode unchecked-hash /app
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["slipway-server"]
