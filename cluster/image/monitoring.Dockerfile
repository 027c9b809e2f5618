# Prometheus' operator and its reloader from their binaries; Prometheus and Alertmanager from Debian's packages.
ARG ROOTFS
FROM scratch AS operator
COPY operator /bin/operator
USER 65534:65534
ENTRYPOINT ["/bin/operator"]

FROM scratch AS reloader
COPY prometheus-config-reloader /bin/prometheus-config-reloader
USER 65534:65534
ENTRYPOINT ["/bin/prometheus-config-reloader"]

FROM ${ROOTFS} AS prometheus
USER 65534:65534
ENTRYPOINT ["/usr/bin/prometheus"]

FROM ${ROOTFS} AS alertmanager
USER 65534:65534
ENTRYPOINT ["/usr/bin/prometheus-alertmanager"]
