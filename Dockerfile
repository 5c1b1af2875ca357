# musicvae on a CPU:
#
#     docker build --tag musicvae .
#     docker run --rm -v "$PWD/music:/music" musicvae generate --config=cat-drums_2bar_small

FROM python:3.12-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY configs configs
COPY checkpoints checkpoints
COPY musicvae musicvae
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

FROM python:3.12-slim
COPY --from=build /wheels /wheels
RUN pip install --no-cache-dir /wheels/*.whl \
    && rm -r /wheels \
    && useradd --create-home musician \
    && install --directory --owner=musician /music
# The cache of downloaded models, for any user that the container runs as.
ENV MUSICVAE_CACHE=/tmp/musicvae
USER musician
WORKDIR /music
ENTRYPOINT ["musicvae"]
