# Builds tern and puts it alone into a small image.
#
#   docker build -t tern .
#   docker run -v "$HOME/.tern:/home/tern/.tern" tern start
FROM rust:1.95-slim-bookworm AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends build-essential pkg-config \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN cargo build --release --locked --package tern

FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --create-home tern
COPY --from=build /src/target/release/tern /usr/local/bin/tern
USER tern
ENTRYPOINT ["tern"]
CMD ["start"]
