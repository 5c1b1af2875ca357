# musicvae on a CPU:
#
#     docker build --tag musicvae .
#     mkdir music
#     docker run --rm --volume "$PWD/music:/music" --user "$(id -u):$(id -g)" musicvae \
#         generate --config=cat-drums_2bar_small --output_dir=/music

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
    && useradd --create-home --uid 1000 musician \
    && install --directory --owner=musician /music
# The cache of downloaded models, for any user that the container runs as.
ENV MUSICVAE_CACHE=/tmp/musicvae
# As a number, for systems that refuse images which may run as root.
USER 1000
WORKDIR /music
ENTRYPOINT ["musicvae"]
