# syntax=docker/dockerfile:1

FROM --platform=$BUILDPLATFORM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
ARG TARGETOS
ARG TARGETARCH
# What `curfew version` says: docker build --build-arg VERSION=1.2.3
ARG VERSION=
# Without cgo the programs need nothing of the image they run in.
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH \
    go build -trimpath -buildvcs=false -ldflags="-s -w -X main.version=$VERSION" -o /out/ ./cmd/curfew ./cmd/demorp
# For the embedded database, should one be asked for: an empty directory that the user below may write to.
RUN mkdir /out/data

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /usr/share/zoneinfo /usr/share/zoneinfo
COPY --from=build --chown=65532:65532 /out/data /data
COPY --from=build /out/curfew /out/demorp /usr/bin/
COPY LICENSE /LICENSE
ENV PATH=/usr/bin
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["curfew"]
CMD ["serve"]
