# Makes of a bare Debian with Python what the product's Dockerfile expects of PYTHON_IMAGE, where that cannot be pulled.
# The host's certificates and pip settings come along: pip inside a build must reach what it reaches outside.
ARG ROOTFS
FROM ${ROOTFS}
COPY certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY pip.conf /etc/pip.conf
RUN ln -s /usr/bin/python3 /usr/local/bin/python
