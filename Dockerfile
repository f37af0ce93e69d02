# Two images of one code: `serving` without TensorFlow for web, faces, webhooks and schedule, and `training`.
#
#   docker build --target serving -t faceverify .
#   docker build --target training -t faceverify-training .

ARG PYTHON_IMAGE=python:3.11-slim
ARG NODE_IMAGE=node:24-slim

FROM ${NODE_IMAGE} AS assets
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts

FROM ${PYTHON_IMAGE} AS packages
RUN python -m venv /opt/venv
COPY requirements-serving.txt .
# The list is complete; --no-deps keeps out the TensorFlow that one package asks for without need.
RUN /opt/venv/bin/pip install --no-cache-dir --no-deps -r requirements-serving.txt

FROM packages AS packages-training
COPY requirements.txt .
RUN /opt/venv/bin/pip install --no-cache-dir -r requirements.txt

FROM ${PYTHON_IMAGE} AS code
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    VAR_DIR=/var/lib/faceverify STATIC_ROOT=/app/collected TF_CPP_MIN_LOG_LEVEL=3
RUN useradd --system --home-dir /var/lib/faceverify --create-home faceverify
WORKDIR /app
COPY . .
# Whoever cloned it may have kept the files to themselves.
RUN chmod -R go+rX . && mkdir collected && chown faceverify collected
COPY --from=assets /app/node_modules node_modules
USER faceverify
VOLUME /var/lib/faceverify

FROM code AS training
COPY --from=packages-training /opt/venv /opt/venv

FROM code AS serving
COPY --from=packages /opt/venv /opt/venv
# Static files are part of the image; the keys of this one command are thrown away with it.
RUN SECRET_KEY=build FACE_ENCRYPTION_KEYS=$(python -c 'import base64, os; print(base64.urlsafe_b64encode(os.urandom(32)).decode())') \
    python manage.py collectstatic --noinput --verbosity 0
EXPOSE 8000
CMD ["gunicorn", "faceverify_site.wsgi"]
