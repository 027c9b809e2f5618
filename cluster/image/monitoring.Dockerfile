# Prometheus, its operator and its reloader from their binaries; Alertmanager from Debian's package.
ARG ROOTFS
FROM scratch AS operator
COPY operator /bin/operator
USER 65534:65534
ENTRYPOINT ["/bin/operator"]

FROM scratch AS reloader
COPY prometheus-config-reloader /bin/prometheus-config-reloader
USER 65534:65534
ENTRYPOINT ["/bin/prometheus-config-reloader"]

FROM scratch AS prometheus
COPY prometheus /bin/prometheus
USER 65534:65534
ENTRYPOINT ["/bin/prometheus"]

FROM ${ROOTFS} AS alertmanager
USER 65534:65534
ENTRYPOINT ["/usr/bin/prometheus-alertmanager"]
