# The image of every process of the hub; docker-compose.yml says which one runs in it.
FROM python:3.13-slim AS build
WORKDIR /src
RUN pip install --no-cache-dir uv
COPY pyproject.toml requirements.lock README.md LICENSE ./
RUN uv venv /hub
COPY . .
# The lock is the constraint, the project's own dependencies the choice: no tools, no embedded servers.
RUN uv pip install --python /hub/bin/python --constraint requirements.lock '.[push]'

FROM python:3.13-slim
RUN useradd --system --no-create-home hub
COPY --from=build /hub /hub
ENV PATH=/hub/bin:$PATH PYTHONUNBUFFERED=1
USER hub
CMD ["hub", "--help"]
