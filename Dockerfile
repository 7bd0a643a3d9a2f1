# The command `cleaner`, with what looks at finished runs, for a user without rights and without the network.
#   docker build -t cleaner .
#   docker run --rm -u "$(id -u)" -v "$PWD:/work" cleaner run scrapes -o out
FROM python:3.13-slim AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY cleaner cleaner
COPY rules rules
RUN python -m venv /opt/cleaner \
    && /opt/cleaner/bin/pip install --no-cache-dir '/source[audit]'

FROM python:3.13-slim
LABEL org.opencontainers.image.title="news-corpus-cleaner" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/cleaner /opt/cleaner
ENV PATH="/opt/cleaner/bin:$PATH" \
    PYTHONUTF8=1
RUN useradd --create-home --uid 10001 cleaner
USER 10001
WORKDIR /work
ENTRYPOINT ["cleaner"]
CMD ["--help"]
